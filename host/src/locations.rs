//! Where the application's configuration and state lie.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::cli::LocationArgs;
use crate::manifest::{self, ManifestErrors};
use crate::runtime_config::{self, Folders, RuntimeConfig};

/// The folders and files that the flags name, with their defaults.
pub struct Locations {
    /// The folder for state, absolute.
    pub state_dir: PathBuf,
    runtime_config: Option<PathBuf>,
    working_dir: PathBuf,
}

impl Locations {
    /// Of the application whose manifest is in `app_dir`.
    ///
    /// # Errors
    /// There is no working directory.
    pub fn of(args: &LocationArgs, app_dir: &Path) -> Result<Self> {
        let beside_manifest = app_dir.join("runtime-config.toml");
        let runtime_config = args.runtime_config_file.clone();
        Self::new(
            runtime_config.or_else(|| beside_manifest.is_file().then_some(beside_manifest)),
            args.state_dir.clone(),
            &app_dir.join(".spin"),
        )
    }

    /// With this runtime configuration file and state folder. Without the folder, the file may name it.
    ///
    /// # Errors
    /// There is no working directory.
    pub fn new(
        runtime_config: Option<PathBuf>,
        state_dir: Option<PathBuf>,
        default_state_dir: &Path,
    ) -> Result<Self> {
        let from_file = || runtime_config::state_dir(runtime_config.as_deref()?);
        let state_dir = state_dir.or_else(from_file);
        Ok(Self {
            state_dir: std::path::absolute(state_dir.as_deref().unwrap_or(default_state_dir))?,
            runtime_config,
            working_dir: std::env::current_dir().context("the working directory is unknown")?,
        })
    }

    /// Of the application whose manifest the flags name, which is not read.
    ///
    /// # Errors
    /// There is no manifest, and no flag makes it unnecessary.
    pub fn without_manifest(args: &LocationArgs) -> Result<Self> {
        let manifest = manifest::find(args.from.as_deref());
        let app_dir = match (manifest, &args.state_dir) {
            (Ok(manifest), _) => manifest.parent().unwrap_or(Path::new("")).to_owned(),
            (Err(_), Some(state_dir)) => state_dir.clone(),
            (Err(error), None) => return Err(error.context("name a state folder with --state-dir")),
        };
        Self::of(args, &app_dir)
    }

    /// The runtime configuration.
    ///
    /// # Errors
    /// Every mistake in its file.
    pub fn runtime_config(&self) -> Result<RuntimeConfig, ManifestErrors> {
        let folders = Folders {
            state: &self.state_dir,
            working: &self.working_dir,
        };
        runtime_config::load(self.runtime_config.as_deref(), folders, std::env::vars_os())
    }
}
