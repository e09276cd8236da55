//! The connections that one component has open, by address.

use std::collections::HashMap;
use std::error::Error as _;
use std::fmt::Display;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, PoolError, RecyclingMethod};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Connection;
use super::tls::{self, Trust};
use crate::engine::RequestContext;
use crate::outbound_hosts::AllowedHosts;

/// Connections to one address at a time: a server does not get faster from more than a few for each of its
/// processors, and has 100 for everybody unless it is told otherwise.
const MAX_CONNECTIONS: usize = 10;
/// Addresses of one component.
const MAX_ADDRESSES: usize = 16;
/// How long a connection may take to come up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a caller waits for a connection of the pool.
const WAIT: Duration = Duration::from_secs(10);
/// How long an unused connection is kept.
const IDLE: Duration = Duration::from_secs(60);

/// A pool for each address, and each certificate that is trusted there.
#[derive(Default)]
pub struct Pools(pub(super) Mutex<HashMap<(String, Option<String>), Pool>>);

impl Pools {
    /// A connection to `address`, which is a URL or has the form `host=… dbname=…`, if all of its hosts are
    /// `allowed`.
    pub(super) async fn connect(
        self: &Arc<Self>,
        allowed: &AllowedHosts,
        address: &str,
        ca_root: Option<&str>,
        request: Option<Arc<RequestContext>>,
    ) -> Result<Connection, String> {
        let pool = self.pool(allowed, address, ca_root)?;
        let until = Instant::now() + WAIT;
        let until = request.map_or(until, |request| request.deadline.min(until));
        match timeout_at(until, pool.get()).await {
            Ok(Ok(client)) => Ok(Connection::new(client)),
            Ok(Err(PoolError::Backend(error))) => Err(match error.source() {
                Some(source) => format!("{error}: {source}"),
                None => error.to_string(),
            }),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("no connection became free in time".into()),
        }
    }

    fn pool(
        self: &Arc<Self>,
        allowed: &AllowedHosts,
        address: &str,
        ca_root: Option<&str>,
    ) -> Result<Pool, String> {
        let key = (address.to_owned(), ca_root.map(str::to_owned));
        if let Some(pool) = self.lock().get(&key) {
            return Ok(pool.clone());
        }
        let pool = make_pool(allowed, address, ca_root)?;
        let mut pools = self.lock();
        if pools.is_empty() {
            tokio::spawn(close_unused(Arc::downgrade(self)));
        }
        if pools.len() >= MAX_ADDRESSES {
            // What is in use stays open until it comes back.
            pools.clear();
        }
        Ok(pools.entry(key).or_insert(pool).clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(String, Option<String>), Pool>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn close_unused(pools: Weak<Pools>) {
    loop {
        sleep(IDLE / 2).await;
        let Some(pools) = pools.upgrade() else {
            return;
        };
        let mut pools = pools.lock();
        pools.retain(|_, pool| {
            pool.retain(|_, metrics| metrics.last_used() < IDLE);
            pool.status().size > 0
        });
        if pools.is_empty() {
            return;
        }
    }
}

/// For a command of ours: the address as the client knows it, and how to connect with TLS, unless it says not to.
pub fn server(address: &str) -> Result<(String, Option<MakeRustlsConnect>), String> {
    let (mut address, trust) = trusted(address, None)?;
    let config = parse(&address)?;
    if config.get_connect_timeout().is_none() {
        set(&mut address, "connect_timeout", CONNECT_TIMEOUT.as_secs());
    }
    if config.get_ssl_mode() == SslMode::Disable {
        return Ok((address, None));
    }
    if !matches!(trust, Trust::Anyone) {
        set(&mut address, "sslmode", "require");
    }
    Ok((address, Some(tls::connector(&trust)?)))
}

/// Sets a parameter of an address; of two, the last counts.
fn set(address: &mut String, name: &str, value: impl Display) {
    let is_url = address.starts_with("postgres://") || address.starts_with("postgresql://");
    let before = match (is_url, address.contains('?')) {
        (false, _) => ' ',
        (true, false) => '?',
        (true, true) => '&',
    };
    address.push_str(&format!("{before}{name}={value}"));
}

fn make_pool(allowed: &AllowedHosts, address: &str, ca_root: Option<&str>) -> Result<Pool, String> {
    let (address, trust) = trusted(address, ca_root)?;
    let mut config = parse(&address)?;
    check_hosts(allowed, &config)?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    let recycling = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let manager = if config.get_ssl_mode() == SslMode::Disable {
        Manager::from_config(config, NoTls, recycling)
    } else {
        if !matches!(trust, Trust::Anyone) {
            config.ssl_mode(SslMode::Require);
        }
        Manager::from_config(config, tls::connector(&trust)?, recycling)
    };
    Pool::builder(manager)
        .max_size(MAX_CONNECTIONS)
        .build()
        .map_err(|error| error.to_string())
}

fn parse(address: &str) -> Result<Config, String> {
    address
        .parse()
        .map_err(|error: tokio_postgres::Error| match error.source() {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        })
}

/// The address as the client knows it, and whom it trusts: `sslmode=require` checks the server's certificate and
/// name here, as under Spin.
fn trusted(address: &str, ca_root: Option<&str>) -> Result<(String, Trust), String> {
    let (address, sslrootcert) = without_sslrootcert(address);
    let (address, verifies) = without_verification(&address);
    let trust = match (ca_root, sslrootcert) {
        (Some(pem), _) => Trust::Pem(pem.to_owned()),
        (None, Some(path)) => Trust::File(path),
        (None, None) if verifies || parse(&address)?.get_ssl_mode() == SslMode::Require => {
            Trust::System
        }
        (None, None) => Trust::Anyone,
    };
    Ok((address, trust))
}

/// As Spin does, and also what `hostaddr` says: that is where a connection really goes.
fn check_hosts(allowed: &AllowedHosts, config: &Config) -> Result<(), String> {
    let ports = config.get_ports();
    let port = |index: usize| ports.get(index).or(ports.first()).copied();
    let mut hosts = Vec::new();
    for (index, host) in config.get_hosts().iter().enumerate() {
        match host {
            Host::Tcp(host) => hosts.push((host.clone(), port(index))),
            #[cfg(unix)]
            Host::Unix(_) => return Err("Unix sockets are not supported".into()),
        }
    }
    for (index, address) in config.get_hostaddrs().iter().enumerate() {
        hosts.push((address.to_string(), port(index)));
    }
    for (host, port) in hosts {
        if !allowed.allows("postgres", &host, port) {
            let port = port.unwrap_or(5432);
            return Err(format!(
                "address postgres://{host}:{port} is not permitted: add it to the component's allowed_outbound_hosts"
            ));
        }
    }
    Ok(())
}

/// Takes `sslrootcert=<file>` out of an address, which the client does not know.
fn without_sslrootcert(address: &str) -> (String, Option<PathBuf>) {
    const NAME: &str = "sslrootcert=";
    let Some(start) = address.find(NAME) else {
        return (address.to_owned(), None);
    };
    let rest = &address[start + NAME.len()..];
    let end = rest.find(['&', ' ']).unwrap_or(rest.len());
    let file = percent_encoding::percent_decode_str(&rest[..end]).decode_utf8_lossy();
    let after = rest[end..].trim_start_matches(['&', ' ']);
    let left = format!("{}{after}", &address[..start]);
    let left = left.trim_end_matches(['?', '&', ' ']);
    (left.to_owned(), Some(PathBuf::from(file.into_owned())))
}

/// Writes what the client does not know as `sslmode=require`.
fn without_verification(address: &str) -> (String, bool) {
    for mode in ["sslmode=verify-full", "sslmode=verify-ca"] {
        if address.contains(mode) {
            return (address.replace(mode, "sslmode=require"), true);
        }
    }
    (address.to_owned(), false)
}
