//! The storage in files, for native tests (feature `rusqlite`).
//!
//! A crate that tests against real storage takes this crate with that feature as a dev-dependency and
//! calls [`open`] with an empty folder:
//!
//! ```toml
//! [dev-dependencies]
//! storage = { workspace = true, features = ["rusqlite"] }
//! ```

use std::path::Path;

use sql::rusqlite::RusqliteConnection;

use crate::{Result, SqlStorage, Storage, TASKS};

/// Opens the database file in `folder`, which must exist, and brings its schema up to date.
pub async fn open(folder: &Path) -> Result<SqlStorage<RusqliteConnection>> {
    let storage = SqlStorage::new(RusqliteConnection::open(folder, TASKS)?);
    storage.migrate().await?;
    Ok(storage)
}
