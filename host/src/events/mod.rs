//! `todo events`: looks at the event log, whether or not the host runs, and has events repeated.

pub mod control;
mod dead_letters;
mod show;
mod tail;

use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use chrono::{DateTime, Utc};
use clap::{ArgGroup, Args, Subcommand};
use event_log::{LogError, LogReader, Position};
use serde_json::json;

use crate::cli::LocationArgs;
use crate::locations::Locations;
use crate::runtime_config::EventLogConfig;
use control::{Command, Target};
use show::{Table, age, time};

/// The flags of `todo events`.
#[derive(Debug, Args)]
pub struct EventsArgs {
    #[command(subcommand)]
    command: EventsCommand,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum EventsCommand {
    /// Show the latest events.
    Tail(tail::TailArgs),
    /// Show how far the consumer groups are.
    Groups(GroupsArgs),
    /// Have a group consume events again.
    Replay(ReplayArgs),
    /// Show the events that were given up, and put them back.
    #[command(subcommand)]
    Dlq(dead_letters::DlqCommand),
}

/// What all of them have.
#[derive(Debug, Args)]
struct Options {
    #[command(flatten)]
    locations: LocationArgs,
    /// Write JSON, one object a line.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct GroupsArgs {
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("to").required(true))]
struct ReplayArgs {
    #[command(flatten)]
    options: Options,
    /// The consumer group.
    #[arg(long)]
    group: String,
    /// The topic.
    #[arg(long)]
    topic: String,
    /// From this record on, in its partition alone.
    #[arg(long, group = "to", value_name = "PARTITION/OFFSET", value_parser = partition_offset)]
    from_offset: Option<(u32, u64)>,
    /// From this time on: RFC 3339, or how long ago, like 10m.
    #[arg(long, group = "to", value_name = "TIME", value_parser = moment)]
    from_time: Option<DateTime<Utc>>,
    /// All that there are.
    #[arg(long, group = "to")]
    from_beginning: bool,
    /// None: go on with what comes next.
    #[arg(long, group = "to")]
    to_end: bool,
}

/// Runs the command.
///
/// # Errors
/// There is no event log, or it does not have what was asked for.
pub fn run(args: &EventsArgs) -> Result<()> {
    match &args.command {
        EventsCommand::Tail(args) => tail::run(args),
        EventsCommand::Groups(args) => groups(args),
        EventsCommand::Replay(args) => replay(args),
        EventsCommand::Dlq(command) => dead_letters::run(command),
    }
}

impl Options {
    /// Where the event log is.
    fn log(&self) -> Result<EventLogConfig> {
        let locations = Locations::without_manifest(&self.locations)?;
        let config = locations.runtime_config()?;
        if let Some(kafka) = config.kafka {
            bail!(
                "the events are in Kafka, at {}: look at them with Kafka's tools, such as \
                 kafka-consumer-groups.sh and kcat (docs/kafka.md)",
                kafka.brokers
            );
        }
        Ok(config.event_log)
    }

    fn reader(&self) -> Result<LogReader> {
        open(&self.log()?.path)
    }
}

fn open(path: &Path) -> Result<LogReader> {
    LogReader::open(path).map_err(|error| match error {
        LogError::NotFound(_) => anyhow!(
            "there is no event log at {}: nothing was published yet, or it is elsewhere (--state-dir)",
            path.display()
        ),
        _ => anyhow::Error::new(error).context(path.display().to_string()),
    })
}

fn groups(args: &GroupsArgs) -> Result<()> {
    let reader = args.options.reader()?;
    let groups = reader.groups()?;
    let mut table = Table::new(&["GROUP", "TOPIC", "LAG", "WAITING", "OLDEST", "SEEN"]);
    for of_topic in groups.chunk_by(|a, b| (&a.group, &a.topic) == (&b.group, &b.topic)) {
        let Some(first) = of_topic.first() else {
            continue;
        };
        let (group, topic) = (first.group.as_str(), first.topic.as_str());
        let lag: u64 = of_topic.iter().map(|partition| partition.lag).sum();
        let parked: u64 = of_topic.iter().map(|partition| partition.parked).sum();
        let seen = of_topic.iter().map(|partition| partition.seen_at).max();
        let mut from = Vec::new();
        for info in of_topic {
            let partition = info.partition as usize;
            if from.len() <= partition {
                from.resize(partition + 1, 0);
            }
            if let Some(offset) = from.get_mut(partition) {
                *offset = info.committed_offset;
            }
        }
        let oldest = if lag + parked == 0 {
            None
        } else {
            let record = reader.read(topic, &mut from, 1)?.into_iter().next();
            record.map(|record| record.appended_at)
        };
        if args.options.json {
            let partitions: Vec<_> = of_topic
                .iter()
                .map(|info| {
                    json!({
                        "partition": info.partition,
                        "committed_offset": info.committed_offset,
                        "lag": info.lag,
                        "waiting": info.parked,
                    })
                })
                .collect();
            show::line(&json!({
                "group": group,
                "topic": topic,
                "lag": lag,
                "waiting": parked,
                "oldest": oldest.map(time),
                "seen_at": seen.map(time),
                "partitions": partitions,
            }))?;
            continue;
        }
        table.row([
            group.to_owned(),
            topic.to_owned(),
            lag.to_string(),
            parked.to_string(),
            oldest.map_or_else(String::new, age),
            seen.map_or_else(String::new, age),
        ]);
    }
    if args.options.json {
        return Ok(());
    }
    table.print("there are no consumer groups")
}

fn replay(args: &ReplayArgs) -> Result<()> {
    let to = match (args.from_offset, args.from_time) {
        (Some((partition, offset)), _) => Target::Offset { partition, offset },
        (_, Some(time)) => Target::Time(time),
        _ if args.from_beginning => Target::Beginning,
        _ => Target::End,
    };
    let command = Command::Seek {
        group: args.group.clone(),
        topic: args.topic.clone(),
        to,
    };
    command.run(&args.options.log()?)?;
    if args.options.json {
        return show::line(&json!({"group": args.group, "topic": args.topic}));
    }
    show::text(&format!(
        "{} goes on in {} as asked",
        args.group, args.topic
    ))
}

/// `PARTITION/OFFSET`.
fn partition_offset(text: &str) -> Result<(u32, u64), String> {
    let position: Position = format!("topic/{text}")
        .parse()
        .map_err(|_| "expected a partition and an offset, like 3/120".to_owned())?;
    Ok((position.partition, position.offset))
}

/// A time in RFC 3339, or how long ago.
fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc());
    }
    humantime::parse_duration(text)
        .ok()
        .and_then(|ago| Utc::now().checked_sub_signed(chrono::TimeDelta::from_std(ago).ok()?))
        .ok_or_else(|| "expected a time in RFC 3339, or how long ago, like 10m".to_owned())
}

/// Runs the future of a command.
fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start")?
        .block_on(future)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_offsets_are_read() {
        assert_eq!(partition_offset("3/120"), Ok((3, 120)));
        for wrong in ["3", "a/1", "1/b", "", "1/2/x"] {
            assert!(partition_offset(wrong).is_err(), "{wrong}");
        }
        let time = moment("2026-01-01T10:00:00+02:00").unwrap();
        assert_eq!(time.to_rfc3339(), "2026-01-01T08:00:00+00:00");
        let before = Utc::now();
        let ago = before - moment("10m").unwrap();
        assert!((599..=600).contains(&ago.num_seconds()), "{ago}");
        assert!(moment("yesterday").is_err());
        assert!(moment("99999999999999999y").is_err());
    }
}
