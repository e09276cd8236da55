//! Where events are kept. Spin refuses sections that it does not know, so these may stand in a file of
//! their own, beside the one that both hosts read.

use std::path::Path;

use super::Folders;
use super::event_log::{self, EventLogConfig};
use super::kafka::{self, KafkaConfig};
use crate::manifest::ManifestErrors;
use crate::manifest::diagnostics::Diagnostics;
use crate::manifest::reader::{Table, read_document};

/// The sections about events, those that are there.
pub struct EventSections {
    pub event_log: Option<EventLogConfig>,
    pub kafka: Option<KafkaConfig>,
}

impl EventSections {
    /// Those of a file.
    pub fn read(document: &Table, folders: Folders) -> Self {
        Self {
            event_log: event_log::read(document, folders),
            kafka: kafka::read(document, folders),
        }
    }

    /// These, and those of the file at `path`.
    ///
    /// # Errors
    /// Every mistake in it, and sections that are in both.
    pub fn and(self, source: &str, path: &Path, folders: Folders) -> Result<Self, ManifestErrors> {
        let diagnostics = Diagnostics::new(source);
        let sections = read_document(source, &diagnostics, |document| {
            let read = Self::read(document, folders);
            document.finish();
            let twice = |name: &'static str| {
                diagnostics.report(
                    document.key_span(name).unwrap_or_default(),
                    format!("the runtime configuration file has [{name}] too"),
                    "expected it in one of the two",
                );
            };
            if self.event_log.is_some() && read.event_log.is_some() {
                twice("event_log");
            }
            if self.kafka.is_some() && read.kafka.is_some() {
                twice("kafka");
            }
            Some(Self {
                event_log: self.event_log.or(read.event_log),
                kafka: self.kafka.or(read.kafka),
            })
        });
        diagnostics.finish(path, sections)
    }
}
