//! What the host writes to standard error: text for a person at a terminal, JSON lines otherwise.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use clap::ValueEnum;
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::io::AsyncWrite;
use tracing_subscriber::EnvFilter;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};

/// The shape of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// `human` where standard error is a terminal, else `json`.
    Auto,
    /// One readable line an event.
    Human,
    /// One JSON object a line.
    Json,
}

/// Starts logging. `RUST_LOG` filters as usual; the default is `info`.
pub fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,wasmtime_wasi_http=error"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // It would tell of a line that cannot be written, as on a full disk, with `eprintln!`, which panics
        // there: the request would fail for its log line.
        .log_internal_errors(false)
        .with_writer(io::stderr);
    let terminal = std::io::IsTerminal::is_terminal(&io::stderr());
    if format == LogFormat::Human || (format == LogFormat::Auto && terminal) {
        builder.with_ansi(terminal).with_target(false).init();
    } else {
        builder
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .with_target(false)
            .init();
    }
}

/// Which of a component's output streams a line came from.
#[derive(Debug, Clone, Copy)]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl OutputStream {
    fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// A component's standard output or error: each line becomes a log line.
#[derive(Debug, Clone)]
pub struct ComponentOutput {
    component: Arc<str>,
    stream: OutputStream,
}

/// Longer lines are logged in pieces of this many bytes.
const MAX_LINE: usize = 16 * 1024;

impl ComponentOutput {
    /// The output `stream` of the component with the id `component`.
    pub fn new(component: Arc<str>, stream: OutputStream) -> Self {
        Self { component, stream }
    }
}

impl IsTerminal for ComponentOutput {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for ComponentOutput {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(LineLogger {
            output: self.clone(),
            line: Vec::new(),
        })
    }
}

struct LineLogger {
    output: ComponentOutput,
    line: Vec<u8>,
}

impl LineLogger {
    fn write(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            for part in piece.chunks(MAX_LINE) {
                self.line.extend_from_slice(part);
                if self.line.last() == Some(&b'\n') || self.line.len() >= MAX_LINE {
                    self.log();
                }
            }
        }
    }

    fn log(&mut self) {
        let text = String::from_utf8_lossy(&self.line);
        let text = text.trim_end_matches(['\n', '\r']);
        if !text.is_empty() {
            self.output.log(text);
        }
        self.line.clear();
    }
}

/// A line that a component wrote as `tracing`'s JSON: it keeps its level and its fields.
#[derive(Debug, PartialEq, Deserialize)]
struct Event {
    level: String,
    message: String,
    #[serde(default)]
    correlation_id: Option<String>,
    #[serde(default, rename = "timestamp")]
    _timestamp: IgnoredAny,
    #[serde(flatten)]
    fields: serde_json::Map<String, serde_json::Value>,
}

impl ComponentOutput {
    fn log(&self, line: &str) {
        let (component, stream) = (&*self.component, self.stream.name());
        let event = line.starts_with('{').then(|| serde_json::from_str(line));
        let Some(Ok(Event {
            level,
            message,
            correlation_id,
            fields,
            ..
        })) = event
        else {
            tracing::info!(component, stream, "{line}");
            return;
        };
        let fields = (!fields.is_empty()).then(|| serde_json::Value::Object(fields).to_string());
        macro_rules! at {
            ($level:ident) => {
                tracing::$level!(component, correlation_id, fields, "{message}")
            };
        }
        match level.as_str() {
            "ERROR" => at!(error),
            "WARN" => at!(warn),
            "DEBUG" => at!(debug),
            "TRACE" => at!(trace),
            _ => at!(info),
        }
    }
}

impl Drop for LineLogger {
    fn drop(&mut self) {
        self.log();
    }
}

impl AsyncWrite for LineLogger {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().write(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().log();
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_line_keeps_its_level_and_fields() {
        let line = r#"{"timestamp":"2026-01-01T00:00:00Z","level":"ERROR","message":"no database","correlation_id":"c1","target":"todo_api"}"#;
        let event: Event = serde_json::from_str(line).expect("an event");
        assert_eq!(
            (
                event.level.as_str(),
                event.message.as_str(),
                event.correlation_id.as_deref()
            ),
            ("ERROR", "no database", Some("c1"))
        );
        assert_eq!(
            event.fields.keys().collect::<Vec<_>>(),
            ["target"],
            "what has a place of its own is not repeated"
        );
    }
}
