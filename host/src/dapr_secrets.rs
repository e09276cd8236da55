//! Variables from a secret store of Dapr's: `GET /v1.0/secrets/{store}/{secret}` of the sidecar.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

/// How long a sidecar may take to start, which it does beside the host.
const PATIENCE: Duration = Duration::from_secs(60);
/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest that one attempt may take.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// The longest secret, in bytes.
const MAX_BYTES: usize = 1 << 20;

/// A secret whose keys are names of variables. `Debug` shows no token.
pub struct DaprSecret {
    /// The sidecar's address: `http://127.0.0.1:3500`.
    pub url: String,
    /// The secret store's name.
    pub store: String,
    /// The secret's name.
    pub secret: String,
    /// Dapr's API token, where it wants one.
    pub token: Option<String>,
}

enum Failure {
    /// The sidecar may not be there yet.
    Temporary(anyhow::Error),
    Final(anyhow::Error),
}

impl DaprSecret {
    /// What the secret holds, once the sidecar says so.
    ///
    /// # Errors
    /// It does not within a minute, or refuses.
    pub async fn read(&self) -> Result<BTreeMap<String, String>> {
        let end = Instant::now() + PATIENCE;
        let mut told = false;
        let failed = || format!("cannot read the secret {} of {}", self.secret, self.store);
        loop {
            match self.ask().await {
                Ok(values) => return Ok(values),
                Err(Failure::Final(error)) => return Err(error).with_context(failed),
                Err(Failure::Temporary(error)) if Instant::now() >= end => {
                    return Err(error).with_context(failed);
                }
                Err(Failure::Temporary(error)) => {
                    if !std::mem::replace(&mut told, true) {
                        tracing::info!("waiting for variables from Dapr: {error:#}");
                    }
                }
            }
            sleep(PAUSE).await;
        }
    }

    async fn ask(&self) -> Result<BTreeMap<String, String>, Failure> {
        let request = self.request().map_err(Failure::Final)?;
        let answer = timeout(TIME_LIMIT, exchange(request))
            .await
            .map_err(|_| Failure::Temporary(anyhow!("the sidecar does not answer")))?;
        let (status, body) = answer.map_err(Failure::Temporary)?;
        match status {
            StatusCode::OK => serde_json::from_slice(&body)
                // The error itself would quote the secret.
                .map_err(|_| Failure::Final(anyhow!("it is not a map of texts"))),
            // A store that does not know the secret answers this as well as one that is not there yet.
            status if status.is_server_error() => Err(Failure::Temporary(anyhow!(
                "the sidecar answers {status}: {}",
                message(&body)
            ))),
            status => Err(Failure::Final(anyhow!(
                "the sidecar answers {status}: {}",
                message(&body)
            ))),
        }
    }

    fn request(&self) -> Result<Request<Empty<Bytes>>> {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let uri: Uri = format!(
            "{}/v1.0/secrets/{}/{}",
            self.url.trim_end_matches('/'),
            encoded(&self.store),
            encoded(&self.secret)
        )
        .parse()
        .with_context(|| format!("{} is no URL", self.url))?;
        let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http"));
        let Some(authority) = authority else {
            bail!("{} is not of the form http://host:port", self.url);
        };
        let mut request = Request::get(&uri)
            .header(header::HOST, authority.as_str())
            .body(Empty::new())?;
        if let Some(token) = &self.token {
            let mut token = HeaderValue::from_str(token)
                .map_err(|_| anyhow!("DAPR_API_TOKEN cannot be the value of a header"))?;
            token.set_sensitive(true);
            request.headers_mut().insert("dapr-api-token", token);
        }
        Ok(request)
    }
}

async fn exchange(mut request: Request<Empty<Bytes>>) -> Result<(StatusCode, Bytes)> {
    let uri = request.uri();
    let address = (
        uri.host().unwrap_or_default().to_owned(),
        uri.port_u16().unwrap_or(80),
    );
    // In a request to a server itself only path and query are sent.
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = path.parse()?;
    let stream = TcpStream::connect(address)
        .await
        .context("no connection to the sidecar")?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // It ends with the exchange.
    tokio::spawn(connection);
    let response = sender.send_request(request).await?;
    let status = response.status();
    let body = Limited::new(response.into_body(), MAX_BYTES)
        .collect()
        .await
        .map_err(|error| anyhow!("the sidecar's answer broke off: {error}"))?;
    Ok((status, body.to_bytes()))
}

fn message(body: &[u8]) -> String {
    let problem = serde_json::from_slice::<serde_json::Value>(body).unwrap_or_default();
    let text = problem["message"].as_str().unwrap_or_default();
    text.chars().take(300).collect()
}

impl fmt::Debug for DaprSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DaprSecret")
            .field("url", &self.url)
            .field("store", &self.store)
            .field("secret", &self.secret)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(url: &str) -> DaprSecret {
        DaprSecret {
            url: url.into(),
            store: "secret store".into(),
            secret: "todo/a".into(),
            token: Some("s3cret".into()),
        }
    }

    #[test]
    fn a_request_names_store_and_secret_and_debug_no_token() {
        let secret = secret("http://127.0.0.1:3500/");
        let request = secret.request().unwrap();
        assert_eq!(
            request.uri(),
            "http://127.0.0.1:3500/v1.0/secrets/secret%20store/todo%2Fa"
        );
        assert_eq!(request.headers()["host"], "127.0.0.1:3500");
        assert_eq!(request.headers()["dapr-api-token"], "s3cret");
        assert!(!format!("{secret:?}").contains("s3cret"));
    }

    #[test]
    fn what_is_no_sidecars_address_is_named() {
        for url in ["", "127.0.0.1:3500", "https://127.0.0.1", "http://["] {
            let error = secret(url).request().unwrap_err();
            assert!(format!("{error:#}").contains(url), "{error:#}");
        }
    }
}
