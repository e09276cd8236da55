//! `todo migrate`: applies the migrations of every service, and shows them.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use futures::executor::block_on;
use sql::rusqlite::RusqliteConnection;
use sql::{Migrated, SqlConnection};

use super::{SERVICES, Service, connect};
use crate::cli::{DatabaseArgs, LocationArgs};
use crate::locations::Locations;

/// The flags of `todo migrate`.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    #[command(flatten)]
    locations: LocationArgs,
    #[command(flatten)]
    database: DatabaseArgs,
    /// Only show what would be applied; exit with 1 if that is anything.
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
///
/// # Errors
/// A database cannot be opened or migrated, or with `--dry-run` one is not up to date.
pub fn run(args: &MigrateArgs) -> Result<()> {
    let mut missing = 0;
    match args.database.url() {
        Some(url) => {
            for service in &SERVICES {
                let connection = block_on(connect(url, service.database))?;
                missing += migrate(service, &connection, args.dry_run)?;
            }
        }
        None => {
            let config = Locations::without_manifest(&args.locations)?.runtime_config()?;
            for service in &SERVICES {
                match service.file(&config) {
                    Some(file) => missing += in_file(service, &file, args.dry_run)?,
                    None => println!("{}: not in a file", service.database.label),
                }
            }
        }
    }
    ensure!(
        !args.dry_run || missing == 0,
        "{missing} migrations are not applied"
    );
    Ok(())
}

fn in_file(service: &Service, file: &Path, is_dry_run: bool) -> Result<i64> {
    if is_dry_run && !file.exists() {
        let known = service.migrations.sqlite.len() as i64;
        return Ok(show(service, known, 0, 0));
    }
    let open = || -> Result<RusqliteConnection> {
        if is_dry_run {
            return Ok(RusqliteConnection::open_read_only(file)?);
        }
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(RusqliteConnection::open_at(file, service.database)?)
    };
    let connection = open().with_context(|| format!("opening {}", file.display()))?;
    migrate(service, &connection, is_dry_run)
}

fn migrate(service: &Service, connection: &impl SqlConnection, is_dry_run: bool) -> Result<i64> {
    let migrations = &service.migrations;
    let migrated = block_on(async {
        if is_dry_run {
            sql::migration_state(connection, migrations).await
        } else {
            sql::migrate(connection, migrations).await
        }
    });
    let Migrated {
        before,
        after,
        known,
    } = migrated.with_context(|| format!("migrating {}", service.database.label))?;
    Ok(show(service, known, before, after))
}

/// Prints a line and answers how many are missing.
fn show(service: &Service, known: i64, before: i64, after: i64) -> i64 {
    let label = service.database.label;
    let missing = (known - after).max(0);
    if missing > 0 {
        println!("{label}: {after}, {missing} to apply");
    } else if before < after {
        println!("{label}: {before} -> {after}");
    } else if known < after {
        println!("{label}: {after}, which newer code has made; this one knows {known}");
    } else {
        println!("{label}: {after}, up to date");
    }
    missing
}
