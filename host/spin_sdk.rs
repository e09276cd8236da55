//! For build scripts: the `spin-sdk` crate, whose WIT they make bindings from.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Where Cargo keeps the source of the `spin-sdk` release that the lock file names.
pub fn folder() -> Result<PathBuf> {
    let output = Command::new(env::var_os("CARGO").context("CARGO")?)
        .args(["metadata", "--format-version=1"])
        .args(["--filter-platform", "wasm32-wasip2"])
        .current_dir(env::var_os("CARGO_MANIFEST_DIR").context("CARGO_MANIFEST_DIR")?)
        .output()
        .context("running cargo metadata")?;
    if !output.status.success() {
        bail!(
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let manifest = metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|package| package["name"] == "spin-sdk")
        .and_then(|package| package["manifest_path"].as_str())
        .context("spin-sdk is not among the workspace's packages")?;
    Ok(Path::new(manifest)
        .parent()
        .context("a manifest has a folder")?
        .to_owned())
}
