//! `todo copy`: moves what a stopped application keeps in SQLite to PostgreSQL, all of it or nothing.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use event_log::EventLog;
use futures::executor::block_on;
use futures::{SinkExt as _, TryStreamExt as _};
use rusqlite::Connection;
use sql::rusqlite::RusqliteConnection;
use tokio_postgres::Client;

use super::rows::{self, Column, Contents};
use super::{SERVICES, Service, connect};
use crate::cli::{DATABASE_URL, LocationArgs};
use crate::locations::Locations;

/// What both databases make for themselves.
const OWN: &str = "schema_migrations";
/// Made with its one row, which the source has too.
const LEASE: &str = "outbox_lease";
/// Tables that SQLite needs for searching, by how their names begin; PostgreSQL finds it in the tasks themselves.
const FOR_SEARCH: [&str; 2] = ["task_tags", "task_search"];
/// Bytes that are sent at a time.
const CHUNK: usize = 256 << 10;
/// Rows of a table after which it says how far it is.
const STEP: u64 = 100_000;
/// Bytes are compared as hex, large tables take their time, and whoever holds the target's tables is not waited for
/// for long.
const BEGIN: &str = "BEGIN;
    SET LOCAL bytea_output = 'hex';
    SET LOCAL statement_timeout = 0;
    SET LOCAL idle_in_transaction_session_timeout = 0;
    SET LOCAL lock_timeout = '10s'";

/// The flags of `todo copy`.
#[derive(Debug, Args)]
pub struct CopyArgs {
    #[command(flatten)]
    locations: LocationArgs,
    /// The PostgreSQL database to copy to: postgres://user:password@host/database. It must hold no rows of ours.
    #[arg(
        long,
        value_name = "URL",
        env = DATABASE_URL,
        hide_env_values = true,
        value_parser = NonEmptyStringValueParser::new()
    )]
    to: String,
}

/// A service's file, open for nobody else.
struct Source {
    service: &'static Service,
    connection: Connection,
}

/// A table of the target, with the columns that the source has too.
struct Table {
    name: String,
    /// With its schema, in quotes.
    qualified: String,
    columns: Vec<Column>,
    /// The column that PostgreSQL numbers where no number is given.
    identity: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// The application runs, the target is not empty, or something cannot be copied; then nothing was.
pub fn run(args: &CopyArgs) -> Result<()> {
    let config = Locations::without_manifest(&args.locations)?.runtime_config()?;
    let log = &config.event_log;
    // A host that keeps its events there holds its lock, and none can start while this is held.
    let _log = if log.path.exists() {
        let log = EventLog::open(&log.path, log.settings.clone());
        Some(log.context("the application must be stopped")?)
    } else {
        None
    };
    let mut sources = Vec::new();
    for service in &SERVICES {
        let label = service.database.label;
        match service.file(&config) {
            Some(file) if file.exists() => {
                let source = Source::open(service, &file);
                sources.push(source.with_context(|| format!("opening {}", file.display()))?);
            }
            Some(file) => println!("{label}: there is no {}", file.display()),
            None => println!("{label}: not in a file"),
        }
    }
    ensure!(!sources.is_empty(), "there are no databases to copy");
    block_on(copy(&sources, args.to.trim()))
}

async fn copy(sources: &[Source], url: &str) -> Result<()> {
    for service in &SERVICES {
        let label = service.database.label;
        let connection = connect(url, service.database).await?;
        let migrated = sql::migrate(&connection, &service.migrations).await;
        let migrated = migrated.with_context(|| format!("migrating {label} of the target"))?;
        ensure!(
            migrated.after == migrated.known,
            "{label}: the target was made by newer code"
        );
    }
    let target = connect(url, storage::TASKS).await?;
    let client = target.client();
    client.batch_execute(BEGIN).await?;
    for service in &SERVICES {
        lock_empty(client, &service.database.schema()).await?;
    }
    let mut rows = 0;
    for source in sources {
        rows += source.copy(client).await?;
    }
    let committed = client.batch_execute("COMMIT").await;
    committed.context("committing the copy")?;
    println!("{rows} rows copied and compared");
    Ok(())
}

/// Keeps everybody else from changing the tables of a schema. Fails if one has rows.
async fn lock_empty(client: &Client, schema: &str) -> Result<()> {
    let tables = client
        .query(
            "SELECT tablename::text FROM pg_tables WHERE schemaname::text = $1 ORDER BY 1",
            &[&schema],
        )
        .await?;
    for table in tables {
        let name: String = table.get(0);
        if name == OWN {
            continue;
        }
        let qualified = qualified(schema, &name);
        client
            .batch_execute(&format!("LOCK TABLE {qualified} IN EXCLUSIVE MODE"))
            .await
            .with_context(|| format!("locking {qualified} of the target"))?;
        if name == LEASE {
            let empty = format!("DELETE FROM {qualified}");
            client.batch_execute(&empty).await?;
        }
        let rows = client
            .query(&format!("SELECT 1 FROM {qualified} LIMIT 1"), &[])
            .await?;
        ensure!(
            rows.is_empty(),
            "the target is not empty: {qualified} has rows"
        );
    }
    Ok(())
}

fn qualified(schema: &str, table: &str) -> String {
    format!("\"{schema}\".\"{table}\"")
}

impl Source {
    /// With the newest schema. Fails if anybody else has it open.
    fn open(service: &'static Service, file: &Path) -> Result<Self> {
        let migrated = {
            let connection = RusqliteConnection::open_at(file, service.database)?;
            block_on(sql::migrate(&connection, &service.migrations))?
        };
        ensure!(
            migrated.after == migrated.known,
            "it was made by newer code"
        );
        let connection = Connection::open(file)?;
        // In this mode nobody else may even have it open.
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        let locked = connection.execute_batch("BEGIN IMMEDIATE");
        locked.context("somebody has it open: stop the application first")?;
        Ok(Self {
            service,
            connection,
        })
    }

    /// Copies all of it and answers how many rows that were.
    async fn copy(&self, client: &Client) -> Result<u64> {
        let label = self.service.database.label;
        let tables = self.tables(client).await;
        let mut total = 0;
        for table in tables.with_context(|| label.to_owned())? {
            let name = format!("{label}.{}", table.name);
            let copied = self.copy_table(client, &table, &name).await;
            let contents = copied.with_context(|| name.clone())?;
            ensure!(
                read_back(client, &table).await? == contents,
                "{name}: what PostgreSQL has is not what was copied"
            );
            let analyze = format!("ANALYZE {}", table.qualified);
            client.batch_execute(&analyze).await?;
            println!("{name}: {} rows", contents.rows);
            total += contents.rows;
        }
        Ok(total)
    }

    /// The tables to copy. Fails rather than leave something behind.
    async fn tables(&self, client: &Client) -> Result<Vec<Table>> {
        let schema = self.service.database.schema();
        let mut tables = Vec::new();
        for name in self.table_names()? {
            let rows = client
                .query(
                    "SELECT column_name::text, udt_name::text, is_identity::text = 'YES'
                     FROM information_schema.columns
                     WHERE table_schema::text = $1 AND table_name::text = $2 ORDER BY ordinal_position",
                    &[&schema, &name],
                )
                .await?;
            ensure!(!rows.is_empty(), "PostgreSQL has no table {name}");
            let mut has = self.columns(&name)?;
            let (mut columns, mut identity) = (Vec::new(), None);
            for row in rows {
                let column = Column {
                    name: row.get(0),
                    kind: row.get(1),
                };
                if row.get(2) {
                    identity = Some(column.name.clone());
                }
                if let Some(at) = has.iter().position(|it| *it == column.name) {
                    has.remove(at);
                    columns.push(column);
                }
            }
            if let Some(column) = has.first() {
                bail!("PostgreSQL has no column {column} in {name}");
            }
            tables.push(Table {
                qualified: qualified(&schema, &name),
                name,
                columns,
                identity,
            });
        }
        Ok(tables)
    }

    fn table_names(&self) -> Result<Vec<String>> {
        let mut statement = self.connection.prepare(
            "SELECT name FROM sqlite_master
             WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
        )?;
        let names = statement.query_map([], |row| row.get::<_, String>(0))?;
        let mut names: Vec<String> = names.collect::<rusqlite::Result<_>>()?;
        names.retain(|name| name != OWN && !FOR_SEARCH.iter().any(|it| name.starts_with(it)));
        Ok(names)
    }

    fn columns(&self, table: &str) -> Result<Vec<String>> {
        let mut statement = self
            .connection
            .prepare("SELECT name FROM pragma_table_info(?1)")?;
        let names = statement.query_map([table], |row| row.get::<_, String>(0))?;
        Ok(names.collect::<rusqlite::Result<_>>()?)
    }

    async fn copy_table(&self, client: &Client, table: &Table, shown: &str) -> Result<Contents> {
        let Table {
            name,
            qualified,
            columns,
            ..
        } = table;
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let names = format!("\"{}\"", names.join("\", \""));
        // What triggers would write comes along as rows.
        let triggers = |how: &str| format!("ALTER TABLE {qualified} {how} TRIGGER USER");
        client.batch_execute(&triggers("DISABLE")).await?;
        let copy = format!("COPY {qualified} ({names}) FROM STDIN");
        let mut sink = Box::pin(client.copy_in::<_, Bytes>(copy.as_str()).await?);
        let mut contents = Contents::default();
        {
            let select = format!("SELECT {names} FROM \"{name}\"");
            let mut statement = self.connection.prepare(&select)?;
            let mut rows = statement.query([])?;
            let (mut chunk, mut own) = (Vec::new(), Vec::new());
            while let Some(row) = rows.next()? {
                own.clear();
                for (at, column) in columns.iter().enumerate() {
                    let before = chunk.len();
                    if column.is_derived() {
                        let words = words(row, column)?;
                        rows::write(&mut chunk, words.as_str().into(), column)?;
                    } else {
                        rows::write(&mut chunk, row.get_ref(at)?, column)?;
                        own.extend_from_slice(&chunk[before..]);
                        own.push(b'\t');
                    }
                    chunk.push(if at + 1 < columns.len() { b'\t' } else { b'\n' });
                }
                own.pop();
                contents.add(&own);
                if contents.rows.is_multiple_of(STEP) {
                    println!("{shown}: {} rows so far", contents.rows);
                }
                if chunk.len() >= CHUNK {
                    sink.send(Bytes::from(std::mem::take(&mut chunk))).await?;
                }
            }
            sink.send(Bytes::from(chunk)).await?;
        }
        let sent = sink.as_mut().finish().await?;
        ensure!(
            sent == contents.rows,
            "PostgreSQL took {sent} of {} rows",
            contents.rows
        );
        client.batch_execute(&triggers("ENABLE")).await?;
        self.go_on_counting(client, table).await?;
        Ok(contents)
    }

    /// Numbers that PostgreSQL gives go on after all that SQLite gave.
    async fn go_on_counting(&self, client: &Client, table: &Table) -> Result<()> {
        let Table {
            name, qualified, ..
        } = table;
        let Some(column) = &table.identity else {
            return Ok(());
        };
        let last = self.last_number(name)?;
        let set = format!(
            "SELECT setval(pg_get_serial_sequence('{qualified}', '{column}'),
               greatest(max(\"{column}\"), {last}) + 1, false) FROM {qualified}"
        );
        client.batch_execute(&set).await?;
        Ok(())
    }

    /// The last number that SQLite gave in a table where it gives none twice; 0 in others.
    fn last_number(&self, table: &str) -> rusqlite::Result<i64> {
        let counts: bool = self.connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence')",
            [],
            |row| row.get(0),
        )?;
        if !counts {
            return Ok(0);
        }
        self.connection.query_row(
            "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?1",
            [table],
            |row| row.get(0),
        )
    }
}

/// The words of a task in the form of PostgreSQL's index.
fn words(row: &rusqlite::Row<'_>, column: &Column) -> Result<String> {
    let words = storage::postgres_words(
        &column.name,
        &row.get::<_, String>("user_id")?,
        &row.get::<_, String>("title")?,
        row.get::<_, Option<String>>("description")?.as_deref(),
        &row.get::<_, String>("tags")?,
    );
    let name = &column.name;
    words.with_context(|| format!("the column {name} cannot be made from its task"))
}

async fn read_back(client: &Client, table: &Table) -> Result<Contents> {
    let own = table.columns.iter().filter(|column| !column.is_derived());
    let names: Vec<String> = own.map(|column| format!("\"{}\"", column.name)).collect();
    let (names, qualified) = (names.join(", "), &table.qualified);
    let copy = format!("COPY (SELECT {names} FROM {qualified}) TO STDOUT");
    let mut stream = Box::pin(client.copy_out(copy.as_str()).await?);
    let (mut contents, mut line) = (Contents::default(), Vec::new());
    while let Some(chunk) = stream.try_next().await? {
        for part in chunk.split_inclusive(|byte| *byte == b'\n') {
            line.extend_from_slice(part);
            if line.last() == Some(&b'\n') {
                line.pop();
                contents.add(&line);
                line.clear();
            }
        }
    }
    Ok(contents)
}
