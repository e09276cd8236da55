//! `todo audit`: verifies the audit trail, whether or not the host runs.

use std::fs::File;
use std::io::{self, BufReader, Write as _};
use std::path::{Path, PathBuf};

use ::audit::AUDIT;
use ::audit::verify::{self, Chain, Options, Summary, Unreadable};
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use futures::executor::block_on;
use sql::rusqlite::RusqliteConnection;
use uuid::Uuid;

use crate::cli::{DatabaseArgs, LocationArgs};
use crate::databases;
use crate::locations::Locations;
use crate::runtime_config::Location;

/// The flags of `todo audit`.
#[derive(Debug, Args)]
pub struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Find entries that were changed, removed, added or moved; exit with 1 if there are any.
    Verify(VerifyArgs),
}

#[derive(Debug, Args)]
struct VerifyArgs {
    #[command(flatten)]
    locations: LocationArgs,
    #[command(flatten)]
    database: DatabaseArgs,
    /// Only this person's chain.
    #[arg(long, value_name = "ID")]
    user: Option<Uuid>,
    /// Write JSON: one object a chain, with the hash that it ends with, and a summary.
    #[arg(long)]
    json: bool,
    /// An earlier output of --json: what it knows of must still be there.
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// There is no audit trail, or something is wrong with it.
pub fn run(args: &AuditArgs) -> Result<()> {
    match &args.command {
        AuditCommand::Verify(args) => verify(args),
    }
}

fn verify(args: &VerifyArgs) -> Result<()> {
    let mut options = Options {
        user_id: args.user.map(|id| id.to_string()),
        ..Options::default()
    };
    if let Some(path) = &args.expect {
        let heads = File::open(path).and_then(|file| verify::read_heads(BufReader::new(file)));
        options.expected = heads.with_context(|| format!("reading {}", path.display()))?;
    }

    let mut output = io::BufWriter::new(io::stdout().lock());
    let mut written = Ok(());
    let on_chain = |chain: Chain| {
        if written.is_ok() {
            written = write(&mut output, &chain, args.json);
        }
    };
    let (place, summary) = match args.database.url() {
        Some(url) => ("PostgreSQL".to_owned(), in_server(url, options, on_chain)?),
        None => {
            let file = file(&args.locations)?;
            (
                file.display().to_string(),
                in_file(&file, options, on_chain)?,
            )
        }
    };
    written?;
    let (chains, entries) = (summary.chains, summary.entries);
    if args.json {
        writeln!(output, "{}", serde_json::to_string(&summary)?)?;
    } else if let Some(problem) = &summary.file_problem {
        writeln!(output, "{place}: {problem}")?;
    } else if summary.problems == 0 {
        writeln!(
            output,
            "{entries} entries in {chains} chains: nothing was changed"
        )?;
    }
    output.flush()?;
    match summary.problems {
        0 => Ok(()),
        1 => bail!("1 problem among {entries} entries in {chains} chains"),
        problems => bail!("{problems} problems among {entries} entries in {chains} chains"),
    }
}

/// The trail's file, as the host would open it.
fn file(locations: &LocationArgs) -> Result<PathBuf> {
    let locations = Locations::without_manifest(locations)?;
    let label = AUDIT.label;
    match locations.runtime_config()?.sqlite_databases.remove(label) {
        Some(Location::File(file)) => Ok(file),
        Some(Location::Memory) => bail!("the database `{label}` is in memory, gone with its host"),
        None => Ok(locations.state_dir.join(label).with_extension("db")),
    }
}

fn in_file(file: &Path, options: Options, on_chain: impl FnMut(Chain)) -> Result<Summary> {
    let connection = RusqliteConnection::open_read_only(file)
        .map_err(Unreadable::from)
        .with_context(|| format!("opening {}", file.display()))?;
    Ok(block_on(verify::verify(&connection, options, on_chain))?)
}

fn in_server(url: &str, options: Options, on_chain: impl FnMut(Chain)) -> Result<Summary> {
    let connection = block_on(databases::connect(url, AUDIT)).context("reading the audit trail")?;
    Ok(block_on(verify::verify(&connection, options, on_chain))?)
}

fn write(output: &mut impl io::Write, chain: &Chain, json: bool) -> Result<()> {
    if json {
        writeln!(output, "{}", serde_json::to_string(chain)?)?;
        return Ok(());
    }
    for problem in &chain.problems {
        let place = problem.seq.map(|seq| format!("entry {seq}: "));
        let place = place.unwrap_or_default();
        writeln!(output, "{}: {place}{}", chain.user_id, problem.problem)?;
    }
    let unlisted = chain
        .problem_count
        .saturating_sub(chain.problems.len() as u64);
    if unlisted > 0 {
        writeln!(output, "{}: and {unlisted} more", chain.user_id)?;
    }
    Ok(())
}
