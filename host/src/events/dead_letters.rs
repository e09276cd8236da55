//! `todo events dlq`.

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use event_log::{DeadLetter, Position};
use serde_json::{Value, json};

use super::Options;
use super::control::Command;
use super::show::{self, Table};

/// The most that are looked through.
const MOST: usize = 10_000;

#[derive(Debug, Subcommand)]
pub enum DlqCommand {
    /// Show them, the newest first.
    List(ListArgs),
    /// Show one with its event.
    Show(ShowArgs),
    /// Publish their events to their topics again.
    PutBack(PutBackArgs),
}

#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    options: Options,
    /// Only those of this topic.
    topic: Option<String>,
    /// At most this many.
    #[arg(short = 'n', long, default_value_t = 100)]
    last: usize,
}

#[derive(Debug, Args)]
pub struct ShowArgs {
    #[command(flatten)]
    options: Options,
    /// Which, as `list` shows it.
    #[arg(value_name = "TOPIC/PARTITION/OFFSET")]
    position: Position,
}

#[derive(Debug, Args)]
pub struct PutBackArgs {
    #[command(flatten)]
    options: Options,
    /// Which, as `list` shows them.
    #[arg(value_name = "TOPIC/PARTITION/OFFSET", required_unless_present = "all")]
    positions: Vec<Position>,
    /// All of this topic that were not put back yet.
    #[arg(long, value_name = "TOPIC", conflicts_with = "positions")]
    all: Option<String>,
}

pub fn run(command: &DlqCommand) -> Result<()> {
    match command {
        DlqCommand::List(args) => list(args),
        DlqCommand::Show(args) => show_one(args),
        DlqCommand::PutBack(args) => put_back(args),
    }
}

fn list(args: &ListArgs) -> Result<()> {
    let letters = args
        .options
        .reader()?
        .dead_letters(args.topic.as_deref(), args.last)?;
    if args.options.json {
        return letters
            .iter()
            .try_for_each(|letter| show::line(&to_json(letter)));
    }
    let mut table = Table::new(&[
        "DEAD LETTER",
        "WHEN",
        "GROUP",
        "KEY",
        "TRIED",
        "PUT BACK",
        "REASON",
    ]);
    for letter in letters {
        table.row([
            letter.record.position.to_string(),
            show::age(letter.record.appended_at),
            letter.group,
            letter.record.key,
            letter.attempts.to_string(),
            letter.put_back_at.map_or_else(String::new, show::age),
            show::shortened(&letter.reason),
        ]);
    }
    table.print("there are no dead letters")
}

fn show_one(args: &ShowArgs) -> Result<()> {
    let letters = args.options.reader()?.dead_letters(None, MOST)?;
    let letter = letters
        .iter()
        .find(|letter| letter.record.position == args.position)
        .with_context(|| format!("there is no dead letter {}", args.position))?;
    if args.options.json {
        return show::line(&to_json(letter));
    }
    let event = serde_json::to_string_pretty(&show::envelope(&letter.record.envelope))?;
    show::text(&format!("Dead letter  {}", letter.record.position))?;
    show::text(&format!("Origin       {}", letter.origin))?;
    show::text(&format!("Group        {}", letter.group))?;
    show::text(&format!("Key          {}", letter.record.key))?;
    show::text(&format!(
        "When         {}",
        show::time(letter.record.appended_at)
    ))?;
    show::text(&format!("Attempts     {}", letter.attempts))?;
    show::text(&format!("Reason       {}", letter.reason))?;
    if let Some(time) = letter.put_back_at {
        show::text(&format!("Put back     {}", show::time(time)))?;
    }
    event.lines().try_for_each(show::text)
}

fn put_back(args: &PutBackArgs) -> Result<()> {
    let positions = match &args.all {
        None => args.positions.clone(),
        Some(topic) => {
            let mut letters = args.options.reader()?.dead_letters(Some(topic), MOST)?;
            // The oldest first, as they were.
            letters.reverse();
            letters.retain(|letter| letter.put_back_at.is_none());
            letters.into_iter().map(|l| l.record.position).collect()
        }
    };
    let log = args.options.log()?;
    super::open(&log.path)?;
    let mut failed = 0;
    for position in &positions {
        let command = Command::PutBack {
            position: position.to_string(),
        };
        match command.run(&log) {
            Ok(now_at) if args.options.json => {
                show::line(&json!({"dead_letter": position.to_string(), "put_back_to": now_at}))?;
            }
            Ok(now_at) => show::text(&format!("{position} is now {now_at}"))?,
            Err(error) => {
                failed += 1;
                eprintln!("error: {error:#}");
            }
        }
    }
    if failed > 0 {
        bail!("{failed} of {} were not put back", positions.len());
    }
    Ok(())
}

fn to_json(letter: &DeadLetter) -> Value {
    json!({
        "dead_letter": letter.record.position.to_string(),
        "origin": letter.origin.to_string(),
        "group": letter.group,
        "key": letter.record.key,
        "appended_at": show::time(letter.record.appended_at),
        "attempts": letter.attempts,
        "reason": letter.reason,
        "put_back_at": letter.put_back_at.map(show::time),
        "event": show::envelope(&letter.record.envelope),
    })
}
