//! The page as `components/web` serves it: the project's own, and a small export with one of each kind.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use tests::{Answer, TestApp, raw, root, shared};

const INDEX: &str = "<!DOCTYPE html><html lang=en><title>Small</title>\
    <!-- <script>never()</script> --><script src=\"/_next/static/a-1f.js\" async></script>\
    <style>body { margin: 0 }</style><body><script>\r\nwindow.one = 1;\n</script>\
    <script type=\"application/json\">{}</script><script type=module>window.two = '<p>'</script>";
const SCRIPT: &str = "/_next/static/[x]-0123456789abcdef.js";

/// The application with a small export instead of the page.
static SMALL: LazyLock<TestApp> = LazyLock::new(|| {
    let builder = TestApp::builder();
    let out = builder.state_dir().join("frontend/out");
    fs::create_dir_all(out.join("_next/static")).expect("a folder");
    let write = |name: &str, text: &[u8]| fs::write(out.join(name), text).expect("a file");
    write("index.html", INDEX.as_bytes());
    write("404.html", b"<!DOCTYPE html><title>Nothing here</title>");
    write("tasks.html", b"<!DOCTYPE html><title>Tasks</title>");
    write("tasks.txt", b"payload");
    write("sw.js", b"self.addEventListener('fetch', () => {})");
    write("manifest.webmanifest", b"{}");
    write(
        SCRIPT.trim_start_matches('/'),
        "var a = 1;\n".repeat(200_000).as_bytes(),
    );
    export(&out);
    builder.edit_manifest(|text| text).start()
});

/// Runs the frontend's own step on a folder.
fn export(out: &Path) {
    let output = Command::new("node")
        .arg(root().join("frontend/scripts/export.mjs"))
        .arg(out)
        .output()
        .expect("node runs");
    assert!(output.status.success(), "{output:?}");
}

/// What `bytes` hold, by Node.js.
fn unpack(encoding: &str, bytes: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("packed");
    fs::write(&file, bytes).expect("a file");
    let output = Command::new("node")
        .arg("-e")
        .arg("const unpack = { br: zlib.brotliDecompressSync, gzip: zlib.gunzipSync }[process.argv[1]]; \
              process.stdout.write(unpack(fs.readFileSync(process.argv[2])))")
        .arg(encoding)
        .arg(&file)
        .output()
        .expect("node runs");
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

fn get(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> Answer {
    ask(app, "GET", path, headers)
}

fn ask(app: &TestApp, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let client = app.client();
    let mut request = client.request(method, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    client.send(request)
}

fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

/// The sources of a directive of the answer's policy.
fn sources(answer: &Answer, directive: &str) -> Vec<String> {
    let policy = answer.header("content-security-policy");
    let found = policy
        .split("; ")
        .find_map(|text| text.strip_prefix(&format!("{directive} ")))
        .unwrap_or_else(|| panic!("no {directive} in {policy}"));
    found.split(' ').map(str::to_owned).collect()
}

#[track_caller]
fn assert_guarded(answer: &Answer) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), value, "{answer:?}");
    }
    assert!(
        !answer.header("permissions-policy").is_empty(),
        "{answer:?}"
    );
    assert!(!answer.header("cache-control").is_empty(), "{answer:?}");
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; "), "{answer:?}");
    assert!(
        !policy.contains("unsafe") && !policy.contains('*'),
        "{policy}"
    );
    for directive in ["frame-ancestors", "base-uri"] {
        assert_eq!(sources(answer, directive), ["'none'"]);
    }
}

#[test]
fn every_answer_is_guarded() {
    for (method, path, status) in [
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("GET", "/tasks", 200),
        ("GET", "/sw.js", 200),
        ("GET", "/nothing", 404),
        ("POST", "/", 405),
        ("OPTIONS", "/tasks", 405),
        ("GET", "/tasks/", 308),
    ] {
        let answer = ask(&SMALL, method, path, &[]);
        assert_eq!(answer.status, status, "{answer:?}");
        assert_guarded(&answer);
        assert_eq!(answer.header("strict-transport-security"), "", "{answer:?}");
    }
    for header in [("x-forwarded-proto", "https"), ("forwarded", "proto=https")] {
        let answer = get(&SMALL, "/", &[header]);
        assert_eq!(
            answer.header("strict-transport-security"),
            "max-age=31536000"
        );
    }
}

#[test]
fn the_policy_names_exactly_the_inline_scripts_and_styles() {
    let index = get(&SMALL, "/", &[]);
    assert_eq!(
        sources(&index, "script-src"),
        [
            "'self'".to_owned(),
            hash("\nwindow.one = 1;\n"),
            hash("window.two = '<p>'")
        ]
    );
    assert_eq!(
        sources(&index, "style-src"),
        ["'self'".to_owned(), hash("body { margin: 0 }")]
    );
    assert_eq!(
        sources(&get(&SMALL, "/tasks", &[]), "script-src"),
        ["'self'"]
    );
}

#[test]
fn the_projects_own_page_is_served_with_its_scripts_allowed() {
    let app = shared();
    let page = get(app, "/", &[]);
    assert_eq!(page.status, 200, "{page:?}");
    assert_guarded(&page);
    let text = String::from_utf8(page.body.clone()).expect("text");
    let mut expected = vec!["'self'".to_owned()];
    // Next.js writes its scripts plainly: no comments, no markup inside.
    for script in text.split("<script").skip(1) {
        let (attributes, rest) = script.split_once('>').expect("a whole tag");
        let (content, _) = rest.split_once("</script>").expect("an end");
        if !attributes.contains("src=") && !attributes.contains("json") {
            expected.push(hash(content));
        }
    }
    expected.dedup();
    assert!(expected.len() > 1, "{text}");
    assert_eq!(sources(&page, "script-src"), expected);

    let asset = text
        .split('"')
        .find(|part| part.starts_with("/_next/static/") && part.ends_with(".js"))
        .expect("a script");
    let asset = get(app, asset, &[("accept-encoding", "br")]);
    assert_eq!(asset.header("content-encoding"), "br", "{asset:?}");
    assert!(
        asset.header("cache-control").contains("immutable"),
        "{asset:?}"
    );
    app.client().get("/api/nothing").error(404);
}

#[test]
fn each_encoding_holds_the_same_bytes() {
    let path = SCRIPT.replace('[', "%5B").replace(']', "%5D");
    let plain = get(&SMALL, &path, &[]);
    assert_eq!(plain.body.len(), 2_200_000);
    assert_eq!(plain.header("content-encoding"), "");
    assert_eq!(
        plain.header("content-type"),
        "text/javascript; charset=utf-8"
    );
    assert_eq!(
        plain.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    let mut etags = vec![plain.header("etag").to_owned()];
    for (accept, encoding) in [
        ("gzip, deflate, br", "br"),
        ("br;q=0.1, gzip;q=0.2", "gzip"),
    ] {
        let packed = get(&SMALL, &path, &[("accept-encoding", accept)]);
        assert_eq!(packed.header("content-encoding"), encoding);
        assert_eq!(packed.header("vary"), "accept-encoding");
        assert_eq!(
            packed.header("content-length"),
            packed.body.len().to_string()
        );
        assert!(packed.body.len() < plain.body.len() / 10);
        let unpacked = unpack(encoding, &packed.body);
        assert!(unpacked == plain.body, "{encoding} holds other bytes");
        etags.push(packed.header("etag").to_owned());
    }
    etags.sort();
    etags.dedup();
    assert_eq!(etags.len(), 3, "each form has its own validator");
}

#[test]
fn what_the_browser_has_is_not_sent_again() {
    for accept in ["identity", "br", "gzip"] {
        let first = get(&SMALL, "/", &[("accept-encoding", accept)]);
        let etag = first.header("etag");
        assert!(etag.starts_with('"'), "strong: {etag}");
        assert_eq!(first.header("cache-control"), "no-cache");
        let headers = [("accept-encoding", accept), ("if-none-match", etag)];
        let again = get(&SMALL, "/", &headers);
        assert_eq!((again.status, again.body.len()), (304, 0), "{again:?}");
        assert_eq!(again.header("etag"), etag);
        assert_guarded(&again);
        let other = [("accept-encoding", accept), ("if-none-match", "\"other\"")];
        assert_eq!(get(&SMALL, "/", &other).status, 200);
    }
}

#[test]
fn paths_and_types_are_those_of_the_export() {
    for (path, status, content_type) in [
        ("/", 200, "text/html; charset=utf-8"),
        ("/tasks", 200, "text/html; charset=utf-8"),
        ("/tasks.html", 200, "text/html; charset=utf-8"),
        ("/tasks.txt?_rsc=1", 200, "text/plain; charset=utf-8"),
        ("/sw.js", 200, "text/javascript; charset=utf-8"),
        ("/manifest.webmanifest", 200, "application/manifest+json"),
        ("/nothing", 404, "text/html; charset=utf-8"),
        ("/404", 404, "text/html; charset=utf-8"),
        ("/web-manifest.json", 404, "text/html; charset=utf-8"),
        ("/index.html.br", 404, "text/html; charset=utf-8"),
    ] {
        let answer = get(&SMALL, path, &[]);
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.header("content-type"), content_type, "{path}");
        let head = ask(&SMALL, "HEAD", path, &[]);
        assert_eq!((head.status, head.body.len()), (status, 0));
        assert_eq!(head.header("content-length"), answer.body.len().to_string());
        assert_eq!(head.header("etag"), answer.header("etag"));
    }
    let moved = get(&SMALL, "/tasks/?id=1", &[]);
    assert_eq!(moved.header("location"), "/tasks?id=1");
    assert_eq!(ask(&SMALL, "POST", "/", &[]).header("allow"), "GET, HEAD");
}

#[test]
fn no_path_leads_out_of_the_export() {
    for target in [
        "/../spin.toml",
        "/..%2fspin.toml",
        "/%2e%2e/%2e%2e/spin.toml",
        "/_next/../../../spin.toml",
        "/_next/static/..%5c..%5cspin.toml",
        "//etc/passwd",
        "///",
        "//localhost/tasks/",
        "/tasks%00",
        "/%",
        "/%ff%fe",
        "/.",
        "/..",
        "/tasks.html/",
        "/_next/static/",
    ] {
        let received = raw::exchange(SMALL.address, &raw::request("GET", target, &[], ""));
        assert_eq!(received.status(), Some(404), "{target}: {received:?}");
        assert!(
            received.text.contains("Nothing here"),
            "{target}: {received:?}"
        );
        assert!(
            !received.text.contains("location:"),
            "{target}: {received:?}"
        );
    }
    SMALL.assert_alive();
}

#[test]
fn a_page_that_is_not_built_says_how_and_the_api_works() {
    let builder = TestApp::builder();
    let out = builder.state_dir().join("frontend/out");
    fs::create_dir_all(&out).expect("a folder");
    fs::write(out.join("index.html"), "half of a build").expect("a file");
    let app = builder.edit_manifest(|text| text).start();
    let answer = get(&app, "/", &[]);
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_guarded(&answer);
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    assert!(
        String::from_utf8_lossy(&answer.body).contains("make build"),
        "{answer:?}"
    );
    app.user().task("the API is there");

    export(&out);
    assert_eq!(get(&app, "/", &[]).status, 200);
}

#[test]
fn a_file_of_another_build_is_not_served() {
    let builder = TestApp::builder();
    let out = builder.state_dir().join("frontend/out");
    fs::create_dir_all(&out).expect("a folder");
    fs::write(out.join("index.html"), "first").expect("a file");
    export(&out);
    fs::write(out.join("index.html"), "second build").expect("a file");
    let app = builder.edit_manifest(|text| text).start();
    assert_eq!(get(&app, "/", &[]).status, 503);
}
