//! Key-value stores in Redis: the keys that Spin's own `type = "redis"` store uses, which are the
//! component's, without the store's label. So stores with the same URL are one store.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncCommands as _, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _,
    RedisResult, cmd,
};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::bindings::key_value::Error;

/// How long an operation may take, with a new connection where that is needed.
const OPERATION: Duration = Duration::from_secs(5);
/// How long a new connection may take.
const CONNECT: Duration = Duration::from_secs(2);
/// About how many keys are read and handed over at a time.
const PAGE: u32 = 256;

/// The address of a Redis server, with what signs in there.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RedisUrl(String);

impl RedisUrl {
    /// Takes a URL that can be used.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn new(url: String) -> Result<Self, String> {
        connection_info(&url).map_err(|error| error.to_string())?;
        Ok(Self(url))
    }
}

impl fmt::Debug for RedisUrl {
    /// The URL may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("RedisUrl(…)")
    }
}

fn connection_info(url: &str) -> RedisResult<ConnectionInfo> {
    // What a network swallows must not look like a connection for minutes.
    let tcp = TcpSettings::default().set_user_timeout(OPERATION);
    Ok(url.into_connection_info()?.set_tcp_settings(tcp))
}

/// A connection that comes up when it is first used.
fn lazy_connection(client: &Client) -> RedisResult<ConnectionManager> {
    let config = ConnectionManagerConfig::new()
        // Each operation says how it went; the next one tries again.
        .set_number_of_retries(0)
        .set_connection_timeout(Some(CONNECT))
        .set_response_timeout(None);
    ConnectionManager::new_lazy_with_config(client.clone(), config)
}

/// A store in Redis. It connects at its first use, and again when the connection breaks.
#[derive(Clone)]
pub struct RedisStore {
    client: Client,
    connection: Arc<Mutex<ConnectionManager>>,
    server: Arc<ConnectionAddr>,
}

impl RedisStore {
    /// The store at `url`.
    ///
    /// # Errors
    /// The URL cannot be used.
    pub fn new(url: &RedisUrl) -> RedisResult<Self> {
        let info = connection_info(&url.0)?;
        let server = Arc::new(info.addr().clone());
        let client = Client::open(info)?;
        let connection = Arc::new(Mutex::new(lazy_connection(&client)?));
        Ok(Self {
            client,
            connection,
            server,
        })
    }

    fn connection(&self) -> MutexGuard<'_, ConnectionManager> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs an operation, which can be repeated: once more if the connection turned out to be broken.
    async fn run<T, F: Future<Output = RedisResult<T>>>(
        &self,
        operation: impl Fn(ConnectionManager) -> F,
    ) -> Result<T, Error> {
        let attempts = async {
            let connection = self.connection().clone();
            match operation(connection).await {
                Err(error) if error.is_io_error() => {
                    let connection = self.connection().clone();
                    operation(connection).await
                }
                result => result,
            }
        };
        let failure = match timeout(OPERATION, attempts).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => {
                // A manager that could not sign in never tries again, though the password may be good by then.
                if !error.is_io_error()
                    && let Ok(new) = lazy_connection(&self.client)
                {
                    *self.connection() = new;
                }
                error.to_string()
            }
            Err(_) => format!("no answer within {} s", OPERATION.as_secs()),
        };
        tracing::error!(redis = %self.server, "key-value store: {failure}");
        Err(Error::Other(format!("Redis: {failure}")))
    }

    /// The value of `key`.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        self.run(|mut redis| async move { redis.get(key).await })
            .await
    }

    /// Sets the value of `key`.
    pub async fn set(&self, key: &str, value: &[u8]) -> Result<(), Error> {
        self.run(|mut redis| async move { redis.set(key, value).await })
            .await
    }

    /// Removes `key`, if it is there.
    pub async fn delete(&self, key: &str) -> Result<(), Error> {
        self.run(|mut redis| async move { redis.del(key).await })
            .await
    }

    /// Whether `key` has a value.
    pub async fn exists(&self, key: &str) -> Result<bool, Error> {
        self.run(|mut redis| async move { redis.exists(key).await })
            .await
    }

    /// Sends all keys, page by page, in no order. A key comes twice if Redis moves it meanwhile.
    pub async fn send_keys(&self, pages: mpsc::Sender<Vec<String>>) -> Result<(), Error> {
        let mut cursor = 0_u64;
        loop {
            let (next, keys): (u64, Vec<Vec<u8>>) = self
                .run(|mut redis| async move {
                    let mut scan = cmd("SCAN");
                    scan.arg(cursor).arg("COUNT").arg(PAGE);
                    scan.query_async(&mut redis).await
                })
                .await?;
            // No guest can name a key that is not text.
            let keys = keys.into_iter().flat_map(String::from_utf8);
            let page: Vec<String> = keys.collect();
            // The guest may stop reading early: not an error.
            if !page.is_empty() && pages.send(page).await.is_err() {
                return Ok(());
            }
            if next == 0 {
                return Ok(());
            }
            cursor = next;
        }
    }
}
