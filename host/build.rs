//! Finds the WIT that the `spin-sdk` crate publishes, so that the bindings are made from it and
//! no copy of it lies in this repository.

#[path = "spin_sdk.rs"]
mod spin_sdk;

use std::path::PathBuf;
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
    println!("cargo:rerun-if-changed=spin_sdk.rs");
    println!("cargo:rerun-if-changed=../Cargo.lock");

    let deps = spin_sdk::folder()?.join("wit/deps");
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
