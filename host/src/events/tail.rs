//! `todo events tail`.

use std::time::Duration;

use anyhow::{Result, bail};
use chrono::{DateTime, Utc};
use clap::Args;
use event_log::{DEAD_LETTER_SUFFIX, LogReader, Record};
use serde_json::json;

use super::{Options, show};

/// Records read at a time.
const PAGE: usize = 500;
/// How often new ones are looked for.
const FOLLOW: Duration = Duration::from_millis(200);

#[derive(Debug, Args)]
pub struct TailArgs {
    #[command(flatten)]
    options: Options,
    /// Which topics; all but those of dead letters where none is named.
    topics: Vec<String>,
    /// At most this many that are there already.
    #[arg(short = 'n', long, default_value_t = 20, conflicts_with = "since")]
    last: usize,
    /// From this time on: RFC 3339, or how long ago, like 10m.
    #[arg(long, value_name = "TIME", value_parser = super::moment)]
    since: Option<DateTime<Utc>>,
    /// Go on with those that come.
    #[arg(long)]
    follow: bool,
}

/// A topic and how far it was read.
struct Reading {
    topic: String,
    from: Vec<u64>,
}

pub fn run(args: &TailArgs) -> Result<()> {
    let reader = args.options.reader()?;
    let mut readings: Vec<Reading> = Vec::new();
    let mut shown = Vec::new();
    find_topics(&reader, args, &mut readings)?;
    for topic in &args.topics {
        let is_there = readings.iter().any(|reading| reading.topic == *topic);
        if !is_there && !args.follow {
            bail!("there is no topic {topic}");
        }
    }
    for reading in &mut readings {
        if args.since.is_none() {
            reading.from = last_offsets(&reader, &reading.topic, args.last)?;
        }
        loop {
            let records = reader.read(&reading.topic, &mut reading.from, PAGE)?;
            let is_end = records.len() < PAGE;
            let wanted = |record: &Record| args.since.is_none_or(|s| record.appended_at >= s);
            shown.extend(records.into_iter().filter(wanted));
            if is_end {
                break;
            }
        }
    }
    shown.sort_by_key(|record: &Record| record.appended_at);
    let skipped = match args.since {
        Some(_) => 0,
        None => shown.len().saturating_sub(args.last),
    };
    for record in shown.drain(..).skip(skipped) {
        show_record(args, &record)?;
    }
    if !args.follow {
        return Ok(());
    }
    loop {
        std::thread::sleep(FOLLOW);
        find_topics(&reader, args, &mut readings)?;
        for reading in &mut readings {
            for record in reader.read(&reading.topic, &mut reading.from, PAGE)? {
                show_record(args, &record)?;
            }
        }
    }
}

/// Adds the wanted topics that are not there yet.
fn find_topics(reader: &LogReader, args: &TailArgs, readings: &mut Vec<Reading>) -> Result<()> {
    for info in reader.topics()? {
        let wanted = if args.topics.is_empty() {
            !info.topic.ends_with(DEAD_LETTER_SUFFIX)
        } else {
            args.topics.contains(&info.topic)
        };
        if wanted && readings.iter().all(|reading| reading.topic != info.topic) {
            readings.push(Reading {
                topic: info.topic,
                from: Vec::new(),
            });
        }
    }
    Ok(())
}

/// Where the last `count` records of each partition start: the last of the topic are among them.
fn last_offsets(reader: &LogReader, topic: &str, count: usize) -> Result<Vec<u64>> {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    let topics = reader.topics()?;
    let info = topics.into_iter().find(|info| info.topic == topic);
    let partitions = info.map(|info| info.partitions).unwrap_or_default();
    Ok(partitions
        .iter()
        .map(|p| p.next_offset.saturating_sub(count).max(p.first_offset))
        .collect())
}

fn show_record(args: &TailArgs, record: &Record) -> Result<()> {
    let envelope = show::envelope(&record.envelope);
    if args.options.json {
        return show::line(&json!({
            "topic": record.position.topic,
            "partition": record.position.partition,
            "offset": record.position.offset,
            "key": record.key,
            "appended_at": show::time(record.appended_at),
            "event": envelope,
        }));
    }
    let data = envelope.get("data").map(ToString::to_string);
    show::text(&format!(
        "{} {} {} {} {}",
        show::time(record.appended_at),
        record.position,
        record.key,
        show::attribute(&envelope, "type"),
        data.unwrap_or_default()
    ))
}
