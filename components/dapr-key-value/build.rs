//! Makes the bindings from the WIT that the `spin-sdk` crate publishes, so that no copy of it lies here.

#[path = "../../host/spin_sdk.rs"]
mod spin_sdk;

use std::path::PathBuf;
use std::{env, fs};

use anyhow::{Context, Result};

fn main() -> Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=../../host/spin_sdk.rs");
    println!("cargo:rerun-if-changed=../../Cargo.lock");
    let package = spin_sdk::folder()?.join("wit/deps/spin-key-value@3.0.0");
    let out = PathBuf::from(env::var_os("OUT_DIR").context("OUT_DIR")?);
    let path = package.display().to_string();
    fs::write(out.join("bindings.rs"), format!("bindings! {{ {path:?} }}"))?;
    Ok(())
}
