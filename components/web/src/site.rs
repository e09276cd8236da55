//! The exported page as its manifest lists it, and which file a path means.

use std::borrow::Cow;
use std::collections::BTreeMap;

use http::HeaderValue;
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use crate::negotiation::Encoding;
use crate::security;

/// The page of unknown paths.
const NOT_FOUND: &str = "/404.html";

/// Everything that there is to serve.
pub struct Site {
    files: BTreeMap<String, File>,
}

/// One file.
pub struct File {
    /// Its path, decoded, from a `/`.
    pub path: String,
    /// `Content-Type`.
    pub content_type: HeaderValue,
    /// `Cache-Control`.
    pub cache_control: HeaderValue,
    /// `Content-Security-Policy`.
    pub policy: HeaderValue,
    /// Names its content, and is part of each form's validator.
    pub hash: String,
    /// Its forms with their sizes in bytes: as it is, first, then compressed.
    pub forms: Vec<(Encoding, u64)>,
}

/// What a path means.
pub enum Resolved<'a> {
    /// This file.
    File(&'a File),
    /// The page at this path, without a slash at its end.
    Moved(&'a str),
    /// Nothing; the page that says so, if there is one.
    Unknown(Option<&'a File>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    files: BTreeMap<String, Listed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    r#type: String,
    cache: String,
    hash: String,
    size: u64,
    br: Option<u64>,
    gz: Option<u64>,
    #[serde(default)]
    scripts: Vec<String>,
    #[serde(default)]
    styles: Vec<String>,
}

impl Site {
    /// From the JSON that the frontend's build writes (`frontend/scripts/export.mjs`).
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        let manifest: Manifest = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        let mut files = BTreeMap::new();
        for (path, listed) in manifest.files {
            let file = File::new(&path, listed).map_err(|wrong| format!("{path}: {wrong}"))?;
            files.insert(path, file);
        }
        Ok(Self { files })
    }

    /// What a request's path means, as it was sent: `/tasks` is `tasks.html`, as Next.js exports it.
    pub fn resolve(&self, path: &str) -> Resolved<'_> {
        let unknown = Resolved::Unknown(self.files.get(NOT_FOUND));
        let Ok(path) = percent_decode_str(path).decode_utf8() else {
            return unknown;
        };
        if let Some(file) = self.files.get(&*path).or_else(|| self.page(&path)) {
            return Resolved::File(file);
        }
        // Answered with the path of a file that there is, so that no client is sent elsewhere.
        let without_slash = path.strip_suffix('/').filter(|path| *path != "/");
        let without_slash = without_slash.and_then(|path| self.page(path));
        if let Some(page) = without_slash.and_then(|page| page.path.strip_suffix(".html")) {
            return Resolved::Moved(page);
        }
        unknown
    }

    fn page(&self, path: &str) -> Option<&File> {
        let name: Cow<str> = match path {
            "/" => "/index.html".into(),
            path => format!("{path}.html").into(),
        };
        self.files.get(&*name)
    }
}

impl File {
    fn new(path: &str, listed: Listed) -> Result<Self, String> {
        if !path.starts_with('/') || path.split('/').any(|segment| matches!(segment, "." | "..")) {
            return Err("not a path of a file in the folder".into());
        }
        let is_hash = |text: &str| {
            let mut bytes = text.bytes();
            !text.is_empty() && bytes.all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        if !is_hash(&listed.hash) {
            return Err("the hash is not hexadecimal".into());
        }
        let value = |text: String| HeaderValue::try_from(text).map_err(|error| error.to_string());
        let mut forms = vec![(Encoding::Identity, listed.size)];
        forms.extend(listed.br.map(|size| (Encoding::Brotli, size)));
        forms.extend(listed.gz.map(|size| (Encoding::Gzip, size)));
        Ok(Self {
            path: path.to_owned(),
            content_type: value(listed.r#type)?,
            cache_control: value(listed.cache)?,
            policy: security::policy(&listed.scripts, &listed.styles)
                .ok_or("a script or style has no hash")?,
            hash: listed.hash,
            forms,
        })
    }

    /// Whether it is the page that says that there is nothing.
    pub fn is_not_found(&self) -> bool {
        self.path == NOT_FOUND
    }

    /// The name of the file that holds this form.
    pub fn path_of(&self, encoding: Encoding) -> String {
        let path = &self.path;
        match encoding {
            Encoding::Identity => path.clone(),
            Encoding::Brotli => format!("{path}.br"),
            Encoding::Gzip => format!("{path}.gz"),
        }
    }
}

#[cfg(test)]
pub mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A small export.
    pub const JSON: &str = r#"{
        "files": {
            "/index.html": {"type": "text/html; charset=utf-8", "cache": "no-cache", "hash": "a1", "size": 100, "br": 40, "gz": 50, "scripts": ["sha256-x+/="]},
            "/404.html": {"type": "text/html; charset=utf-8", "cache": "no-cache", "hash": "a2", "size": 90},
            "/tasks.html": {"type": "text/html; charset=utf-8", "cache": "no-cache", "hash": "a3", "size": 80},
            "/_next/static/[x]-1f.js": {"type": "text/javascript; charset=utf-8", "cache": "public, max-age=31536000, immutable", "hash": "a4", "size": 70, "gz": 60}
        }
    }"#;

    /// That export, read.
    pub fn site() -> Site {
        Site::parse(JSON.as_bytes()).unwrap()
    }

    fn meaning(site: &Site, path: &str) -> String {
        match site.resolve(path) {
            Resolved::File(file) => file.path.clone(),
            Resolved::Moved(path) => format!("moved to {path}"),
            Resolved::Unknown(page) => format!("unknown, {}", page.unwrap().path),
        }
    }

    #[test]
    fn paths_are_those_of_the_pages() {
        let site = site();
        for (path, expected) in [
            ("/", "/index.html"),
            ("/index.html", "/index.html"),
            ("/index", "/index.html"),
            ("/tasks", "/tasks.html"),
            ("/t%61sks", "/tasks.html"),
            ("/tasks/", "moved to /tasks"),
            ("/tasks/5", "unknown, /404.html"),
            ("/_next/static/%5Bx%5D-1f.js", "/_next/static/[x]-1f.js"),
            ("/404", "/404.html"),
            ("", "unknown, /404.html"),
            ("//", "unknown, /404.html"),
            ("//tasks/", "unknown, /404.html"),
            ("/Tasks", "unknown, /404.html"),
            ("/tasks.html.br", "unknown, /404.html"),
            ("/web-manifest.json", "unknown, /404.html"),
            ("/%ff", "unknown, /404.html"),
            ("/%", "unknown, /404.html"),
            ("/../index.html", "unknown, /404.html"),
            ("/%2e%2e/index.html", "unknown, /404.html"),
            ("/index.html%00", "unknown, /404.html"),
        ] {
            assert_eq!(meaning(&site, path), expected, "{path}");
        }
    }

    #[test]
    fn a_manifest_that_makes_no_sense_is_refused() {
        for (from, to) in [
            ("/tasks.html", "tasks.html"),
            ("/tasks.html", "/../tasks.html"),
            ("\"a1\"", "\"\\\"\""),
            ("text/html", "text\\nhtml"),
            ("sha256-x", "unsafe-inline"),
            ("\"size\"", "\"length\""),
        ] {
            let json = JSON.replacen(from, to, 1);
            assert_ne!(json, JSON, "{from}");
            assert!(Site::parse(json.as_bytes()).is_err(), "{from} as {to}");
        }
    }

    proptest! {
        #[test]
        fn no_path_leads_elsewhere(path in "(/(\\.\\.?|%2e|%2F|%|tasks|_next|\\PC{0,3})*){0,6}") {
            let site = site();
            match site.resolve(&path) {
                Resolved::File(file) => prop_assert!(site.files.contains_key(&file.path)),
                Resolved::Moved(page) => {
                    let name = format!("{page}.html");
                    prop_assert!(site.files.contains_key(&name), "{}", page);
                }
                Resolved::Unknown(page) => prop_assert!(page.is_some_and(File::is_not_found)),
            }
        }
    }
}
