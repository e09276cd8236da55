//! The section `[event_log]`: the embedded event log, which is there where no brokers are configured.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use event_log::{EventLog, LogError, Settings};

use super::Folders;
use crate::manifest::reader::Table;

/// What `[event_log]` says, with what holds where it does not.
#[derive(Debug, Clone)]
pub struct EventLogConfig {
    /// The log's file, absolute.
    pub path: PathBuf,
    /// What the Dapr publish API calls it.
    pub pubsub: String,
    /// How much is kept.
    pub settings: Settings,
}

impl EventLogConfig {
    /// What holds where nothing is said.
    pub fn new(folders: Folders) -> Self {
        Self {
            path: folders.state.join("events.db"),
            pubsub: "pubsub".to_owned(),
            settings: Settings::default(),
        }
    }

    /// Opens the log; its folder is made.
    ///
    /// # Errors
    /// As [`EventLog::open`]; and the folder cannot be made.
    pub fn open(&self) -> Result<EventLog> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot create the folder {}", folder.display()))?;
        }
        EventLog::open(&self.path, self.settings.clone()).map_err(|error| match error {
            LogError::InUse(_) => anyhow::Error::new(error).context(
                "another `todo up` has this state folder; choose another with --state-dir",
            ),
            _ => anyhow::Error::new(error).context(format!("{}", self.path.display())),
        })
    }
}

/// The section, if it is there.
pub fn read(document: &Table, folders: Folders) -> Option<EventLogConfig> {
    let table = document.table("event_log", "[event_log]")?;
    let mut config = EventLogConfig::new(folders);
    if let Some(path) = table.text("path") {
        config.path = folders.working.join(path.value);
    }
    if let Some(pubsub) = table.text("pubsub") {
        if pubsub.value.is_empty() || pubsub.value.contains('/') {
            table.diagnostics().report(
                pubsub.span,
                "the pubsub cannot be called so",
                "expected a name without `/`, like \"pubsub\"",
            );
        }
        config.pubsub = pubsub.value;
    }
    if let Some(retention) = table.text("retention") {
        match humantime::parse_duration(&retention.value) {
            Ok(age) if age >= Duration::from_secs(60) => config.settings.retention_age = age,
            _ => table.diagnostics().report(
                retention.span,
                format!("`{}` is no retention that can be used", retention.value),
                "expected one like \"7d\" or \"12h\", at least a minute",
            ),
        }
    }
    if let Some(value) = table.value("retention_bytes") {
        match value
            .as_integer()
            .and_then(|bytes| u64::try_from(bytes).ok())
        {
            Some(bytes) if bytes >= 1 << 20 => config.settings.retention_bytes = bytes,
            _ => table.diagnostics().report(
                value.span(),
                "`retention_bytes` cannot be used",
                "expected a number of bytes, at least 1048576",
            ),
        }
    }
    if let Some(value) = table.value("partitions") {
        match value
            .as_integer()
            .and_then(|number| u32::try_from(number).ok())
        {
            Some(partitions @ 1..=1024) => config.settings.partitions = partitions,
            _ => table.diagnostics().report(
                value.span(),
                "`partitions` cannot be used",
                "expected a number from 1 to 1024",
            ),
        }
    }
    table.finish();
    Some(config)
}
