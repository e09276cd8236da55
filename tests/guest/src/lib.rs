//! A component that does on request what a host has to withstand; `tests/host` asks it.

mod gateway;
mod triggered;

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use spin_sdk::http::body::{self, IncomingBodyExt};
use spin_sdk::http::{BoxBody, EmptyBody, FullBody, IntoResponse, Request, box_body};
use spin_sdk::http_service;
use spin_sdk::key_value::Store;
use spin_sdk::sqlite::Connection;

static REQUESTS: AtomicU64 = AtomicU64::new(0);

#[http_service]
async fn handle(request: Request) -> anyhow::Result<impl IntoResponse> {
    let served = REQUESTS.fetch_add(1, Ordering::Relaxed) + 1;
    let uri = request.uri().clone();
    let query: HashMap<String, String> =
        url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
    let text = |name: &str| query.get(name).cloned().unwrap_or_default();
    let number = |name: &str| {
        query
            .get(name)
            .and_then(|value| value.parse().ok())
            .unwrap_or(0_u64)
    };

    let action = uri.path().rsplit('/').next().unwrap_or_default();
    Ok(match action {
        "trap" => panic!("asked to trap"),
        "spin" => loop {
            black_box(served);
        },
        "hog" => {
            let mut kept = Vec::new();
            loop {
                kept.push(black_box(vec![1_u8; 1 << 20]));
            }
        }
        "trap-mid-stream" => {
            let (mut tx, body) = body::stream::<String>();
            spin_sdk::wasip3::spawn(async move {
                if tx.send("the first half".to_owned()).await.is_ok() {
                    spin_sdk::time::sleep(Duration::from_millis(100)).await;
                    panic!("asked to trap in the middle of the answer");
                }
            });
            http::Response::new(box_body(body))
        }
        "stream" => {
            let (mut tx, body) = body::stream::<String>();
            let (count, pause) = (number("count"), Duration::from_millis(number("ms")));
            spin_sdk::wasip3::spawn(async move {
                for n in 0..count {
                    if tx.send(format!("{n}\n")).await.is_err() {
                        break;
                    }
                    spin_sdk::time::sleep(pause).await;
                }
            });
            http::Response::new(box_body(body))
        }
        "echo" => {
            let mut incoming = request.into_body().stream();
            let (mut tx, body) = body::stream::<Bytes>();
            spin_sdk::wasip3::spawn(async move {
                while let Some(Ok(chunk)) = incoming.next().await {
                    if tx.send(chunk).await.is_err() {
                        break;
                    }
                }
            });
            http::Response::new(box_body(body))
        }
        "sleep" => {
            spin_sdk::time::sleep(Duration::from_millis(number("ms"))).await;
            answer(&json!({ "served": served }))
        }
        "count" => answer(&json!({ "served": served })),
        "headers" => {
            let headers: Vec<(&str, String)> = request
                .headers()
                .iter()
                .map(|(name, value)| {
                    (
                        name.as_str(),
                        String::from_utf8_lossy(value.as_bytes()).into_owned(),
                    )
                })
                .collect();
            answer(&json!({
                "method": request.method().as_str(),
                "uri": uri.to_string(),
                "headers": headers,
            }))
        }
        "outbound" => answer(&outcome(outbound(&text("url")).await)),
        "ws" if gateway::is_exchange(request.headers()) => {
            let (head, body) = request.into_parts();
            let body = body.bytes().await?;
            let response = gateway::exchange(&head.headers, &query, &body).await?;
            response.map(|body| box_body(FullBody::new(Bytes::from(body))))
        }
        "hold" => {
            let response = gateway::hold(request.headers(), &query)?;
            response.map(|body| box_body(FullBody::new(Bytes::from(body))))
        }
        "ended" => answer(&outcome(gateway::ended(&text("id")).await)),
        "sqlite" => answer(&outcome(sqlite(&text("database")).await)),
        "key-value" => answer(&outcome(key_value(&text("store")).await)),
        "written" => answer(&outcome(triggered::written(&text("kind")).await)),
        "set-tick" => answer(&outcome(triggered::set_tick(&text("payload")).await)),
        "variable" => answer(&outcome(
            spin_sdk::variables::get(text("name"))
                .await
                .map(Value::from)
                .map_err(Into::into),
        )),
        "environment" => answer(&outcome(
            std::env::var(text("name"))
                .map(Value::from)
                .map_err(Into::into),
        )),
        "file" => answer(&outcome(
            std::fs::read_to_string(text("path"))
                .map(Value::from)
                .map_err(Into::into),
        )),
        "write-file" => answer(&outcome(
            std::fs::write(text("path"), "overwritten")
                .map(|()| Value::Null)
                .map_err(Into::into),
        )),
        _ => http::Response::builder()
            .status(http::StatusCode::NOT_FOUND)
            .body(box_body(EmptyBody::new()))?,
    })
}

/// `{"ok": …}` or `{"error": "…"}`: a refusal by the host is an answer here, not a failure.
fn outcome(result: anyhow::Result<Value>) -> Value {
    match result {
        Ok(value) => json!({ "ok": value }),
        Err(error) => json!({ "error": format!("{error:#}") }),
    }
}

fn answer(value: &Value) -> http::Response<BoxBody> {
    http::Response::new(box_body(FullBody::new(Bytes::from(value.to_string()))))
}

async fn outbound(url: &str) -> anyhow::Result<Value> {
    let response = spin_sdk::http::get(url).await?;
    let status = response.status().as_u16();
    let body = response.into_body().bytes().await?;
    Ok(json!({ "status": status, "body": String::from_utf8_lossy(&body) }))
}

async fn sqlite(database: &str) -> anyhow::Result<Value> {
    let connection = Connection::open(database).await?;
    let rows = connection
        .execute("SELECT 40 + 2", [])
        .await?
        .collect()
        .await?;
    Ok(rows.first().and_then(|row| row.get::<i64>(0)).into())
}

async fn key_value(store: &str) -> anyhow::Result<Value> {
    let store = Store::open(store).await?;
    store.set("key", "value").await?;
    let value = store.get("key").await?;
    Ok(value
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .into())
}
