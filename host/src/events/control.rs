//! Changes of the event log that somebody asks for. Only one process has the log open for writing: where
//! that is a running host, it is asked through a socket beside the log.
//!
//! The socket takes one line of JSON, a [`Command`], and answers one line, an [`Answer`]. Its file can be
//! reached only by whoever can write to the folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use chrono::{DateTime, Utc};
use event_log::{EventLog, LogError, SeekTo};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;

use crate::runtime_config::EventLogConfig;

/// The longest line, in bytes.
const MAX_LINE: u64 = 16 * 1024;
/// How long either side may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is to be done.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// A group goes on elsewhere in a topic.
    Seek {
        group: String,
        topic: String,
        to: Target,
    },
    /// A dead letter's event is published again.
    PutBack { position: String },
}

/// Where a group goes on: [`SeekTo`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    Beginning,
    End,
    Time(DateTime<Utc>),
    Offset { partition: u32, offset: u64 },
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    /// It is done; where a dead letter's event is now.
    Done(String),
    Failed(String),
}

impl Command {
    /// Does it, or has the host do it that runs with this log.
    ///
    /// # Errors
    /// What is wrong with it, or with the log.
    pub fn run(&self, log: &EventLogConfig) -> Result<String> {
        super::open(&log.path)?;
        super::block_on(async {
            match EventLog::open(&log.path, log.settings.clone()) {
                Ok(open) => {
                    let done = self.perform(&open).await;
                    open.close().await;
                    Ok(done?)
                }
                Err(LogError::InUse(_)) => self.ask(&socket(&log.path)).await,
                Err(error) => Err(error.into()),
            }
        })
    }

    async fn perform(&self, log: &EventLog) -> Result<String, LogError> {
        match self {
            Self::Seek { group, topic, to } => {
                let to = match *to {
                    Target::Beginning => SeekTo::Beginning,
                    Target::End => SeekTo::End,
                    Target::Time(time) => SeekTo::Time(time),
                    Target::Offset { partition, offset } => SeekTo::Offset { partition, offset },
                };
                log.seek(group, topic, to).await?;
                Ok(String::new())
            }
            Self::PutBack { position } => {
                let now_at = log.put_back(&position.parse()?).await?;
                Ok(now_at.to_string())
            }
        }
    }

    async fn ask(&self, socket: &Path) -> Result<String> {
        let exchange = async {
            let mut stream = UnixStream::connect(socket).await?;
            let mut line = serde_json::to_vec(self)?;
            line.push(b'\n');
            stream.write_all(&line).await?;
            let mut answer = String::new();
            BufReader::new(stream).read_line(&mut answer).await?;
            anyhow::Ok(serde_json::from_str(&answer)?)
        };
        let answer = timeout(PATIENCE, exchange)
            .await
            .unwrap_or_else(|_| Err(anyhow!("it does not answer")))
            .with_context(|| format!("the host that runs, at {}", socket.display()))?;
        match answer {
            Answer::Done(done) => Ok(done),
            Answer::Failed(reason) => bail!(reason),
        }
    }
}

/// The socket of a host, to be asked for changes.
pub struct Control {
    listener: Option<UnixListener>,
    path: PathBuf,
}

impl Control {
    /// Listens beside the log at `path`, which the caller has open. Where that cannot be, the host works
    /// all the same.
    pub fn listen(path: &Path) -> Self {
        let path = socket(path);
        // Left behind by a host that was killed: the log is not open twice.
        let _ = fs::remove_file(&path);
        let listener = UnixListener::bind(&path)
            .inspect_err(|error| {
                tracing::warn!(
                    path = %path.display(),
                    "`todo events replay` and `dlq put-back` only work while the host is stopped: {error}"
                );
            })
            .ok();
        Self { listener, path }
    }

    /// Answers until it is dropped.
    pub async fn run(self, log: Arc<EventLog>) {
        let Some(listener) = &self.listener else {
            return;
        };
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    if let Ok(Err(error)) = timeout(PATIENCE, answer(stream, &log)).await {
                        tracing::warn!("`todo events`: {error:#}");
                    }
                }
                Err(error) => {
                    tracing::warn!("`todo events`: {error}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

async fn answer(stream: UnixStream, log: &EventLog) -> Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    BufReader::new(read.take(MAX_LINE))
        .read_line(&mut line)
        .await?;
    let answer = match serde_json::from_str::<Command>(&line) {
        Ok(command) => {
            let done = command.perform(log).await;
            tracing::info!(
                ?command,
                error = done.as_ref().err().map(ToString::to_string),
                "asked by `todo events`"
            );
            done.map_or_else(|error| Answer::Failed(error.to_string()), Answer::Done)
        }
        Err(error) => Answer::Failed(format!("not a command: {error}")),
    };
    let mut line = serde_json::to_vec(&answer)?;
    line.push(b'\n');
    write.write_all(&line).await?;
    Ok(())
}

fn socket(log: &Path) -> PathBuf {
    let mut path = log.as_os_str().to_owned();
    path.push("-control");
    path.into()
}
