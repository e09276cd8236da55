//! Finds the WIT that the `spin-sdk` crate publishes, so that the bindings are made from it and
//! no copy of it lies in this repository.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, bail};

/// The interfaces that the host implements, as folders of the crate's `wit/deps`.
const PACKAGES: [&str; 4] = [
    "spin-key-value@3.0.0",
    "spin-postgres@4.2.0",
    "spin-sqlite@3.1.0",
    "spin-variables@3.0.0",
];

fn main() -> Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=../Cargo.lock");

    let deps = spin_sdk_folder()?.join("wit/deps");
    let mut paths = String::new();
    for package in PACKAGES {
        let folder = deps.join(package);
        if !folder.is_dir() {
            bail!("spin-sdk has no WIT package at {}", folder.display());
        }
        paths.push_str(&format!("{:?} ", folder.display().to_string()));
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").context("OUT_DIR")?);
    fs::write(
        out.join("spin_wit.rs"),
        format!("spin_bindings! {{ {paths} }}"),
    )?;
    Ok(())
}

/// Where Cargo keeps the source of the `spin-sdk` release that the lock file names.
fn spin_sdk_folder() -> Result<PathBuf> {
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
