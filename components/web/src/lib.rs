//! Serves the page: the files that `frontend/` was exported to, under every path that no other route has.
//!
//! The frontend's build lists the files in a manifest, each with its type, its validator, its compressed
//! forms and the scripts inside it. Only what is listed is served, so a path is looked up and never walked.
//!
//! GET and HEAD; else 405. 304 where the client has what it would get, 404 with the page's own `404.html`,
//! 503 while the page is not built.

mod answer;
mod cache;
mod negotiation;
mod security;
mod site;

use std::sync::OnceLock;

use bytes::Bytes;
use http::Response;
use http::request::Parts;
use http_body_util::Full;
use spin_sdk::http::Request;
use spin_sdk::http_service;

use crate::answer::{Answer, Content};
use crate::cache::Cache;
use crate::site::Site;

/// Where spin.toml shows the component the exported files.
const ROOT: &str = "";
const MANIFEST: &str = "/web-manifest.json";

#[http_service]
async fn handle(request: Request) -> Response<Full<Bytes>> {
    let (request, _) = request.into_parts();
    let (answer, body) = read(&request).unwrap_or_else(|problem| {
        eprintln!("{problem}");
        let answer = answer::unbuilt(&request, &problem);
        let body = answer.content.text();
        (answer, body)
    });
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response
}

fn read(request: &Parts) -> Result<(Answer, Bytes), String> {
    static CACHE: Cache = Cache::new();
    let answer = answer::answer(site()?, request);
    let body = match &answer.content {
        Content::File { path, size } => CACHE.read(ROOT, path, *size)?,
        content => content.text(),
    };
    Ok((answer, body))
}

/// The manifest, read once an instance. Only success is remembered.
fn site() -> Result<&'static Site, String> {
    static SITE: OnceLock<Site> = OnceLock::new();
    if let Some(site) = SITE.get() {
        return Ok(site);
    }
    let text = std::fs::read(format!("{ROOT}{MANIFEST}"))
        .map_err(|error| format!("{MANIFEST}: {error}"))?;
    let site = Site::parse(&text).map_err(|error| format!("{MANIFEST}: {error}"))?;
    Ok(SITE.get_or_init(|| site))
}
