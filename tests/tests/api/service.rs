//! Health, description and cross-origin calls.

use std::fs;

use serde_json::Value;
use tests::{Answer, TestApp, api, skip};

use crate::{is_external, user};

#[test]
fn health_and_readiness_need_no_account() {
    for path in ["/healthz", "/readyz"] {
        let answer = api().get(path);
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

#[test]
fn the_description_lists_every_route() {
    let document = api().get("/api/openapi.json").expect(200);
    assert!(
        document["openapi"]
            .as_str()
            .is_some_and(|version| version.starts_with("3."))
    );
    assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
    for (path, methods) in [
        ("/api/auth/register", &["post"][..]),
        ("/api/auth/login", &["post"]),
        ("/api/auth/refresh", &["post"]),
        ("/api/auth/logout", &["post"]),
        ("/api/users/me", &["get", "patch"]),
        ("/api/tasks", &["get", "post"]),
        ("/api/tasks/{id}", &["get", "put", "patch", "delete"]),
        ("/api/tasks/{id}/complete", &["post"]),
        ("/api/tasks/{id}/reopen", &["post"]),
        ("/api/search/tasks", &["get"]),
        ("/api/tags", &["get"]),
        ("/api/stats", &["get"]),
        ("/api/chat", &["post"]),
        ("/api/{user_id}/chat", &["post"]),
        ("/api/chat/latest", &["get"]),
        ("/api/chat/{conversation_id}", &["get"]),
        ("/api/chat/{conversation_id}/undo", &["post"]),
        ("/api/recurrence/preview", &["get"]),
        ("/healthz", &["get"]),
        ("/readyz", &["get"]),
    ] {
        for method in methods {
            let operation = &document["paths"][path][method];
            assert!(operation.is_object(), "{method} {path} is described");
            assert!(
                operation["operationId"].is_string(),
                "{method} {path} has an operationId"
            );
            let public =
                path.starts_with("/api/auth/") && path != "/api/auth/logout" || path.ends_with('z');
            let secured = operation["security"]
                .as_array()
                .or(document["security"].as_array());
            assert_eq!(
                secured.is_some_and(|schemes| schemes
                    .iter()
                    .any(|scheme| scheme.as_object().is_some_and(|it| !it.is_empty()))),
                !public,
                "{method} {path} says whether it needs a token"
            );
        }
    }
    let schemes = document["components"]["securitySchemes"]
        .as_object()
        .expect("security schemes");
    assert!(schemes.values().any(|scheme| scheme["scheme"] == "bearer"));
}

#[test]
fn every_reference_of_the_description_leads_somewhere() {
    fn check(value: &Value, document: &Value) {
        match value {
            Value::Object(fields) => {
                if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                    let pointer = reference.strip_prefix('#').expect("a local reference");
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                }
                fields.values().for_each(|value| check(value, document));
            }
            Value::Array(items) => items.iter().for_each(|value| check(value, document)),
            _ => {}
        }
    }
    let document = api().get("/api/openapi.json").expect(200);
    check(&document, &document);
}

/// The page's types are made of these files. `TODO_WRITE_API=1` writes them anew.
#[test]
fn the_page_has_the_descriptions_that_are_served() {
    let mut outdated = Vec::new();
    for (name, path) in [
        ("todo", "/api/openapi.json"),
        ("notifications", "/api/notifications/openapi.json"),
        ("audit", "/api/audit/openapi.json"),
    ] {
        let served = api().get(path).expect(200);
        let file = tests::root().join(format!("frontend/api/{name}.json"));
        let text = fs::read_to_string(&file).unwrap_or_default();
        if serde_json::from_str::<Value>(&text).is_ok_and(|kept| kept == served) {
            continue;
        }
        if std::env::var_os("TODO_WRITE_API").is_some() {
            fs::write(&file, format!("{served:#}\n")).expect("the file is written");
        } else {
            outdated.push(file);
        }
    }
    assert!(
        outdated.is_empty(),
        "{outdated:?}: run this test with TODO_WRITE_API=1, then `npm run api` in frontend/"
    );
}

fn preflight(client: &tests::Client, path: &str, origin: &str) -> Answer {
    let request = client
        .request("OPTIONS", path)
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization, content-type, if-match",
        );
    client.send(request)
}

#[test]
fn any_page_may_call_in_development() {
    for (path, methods) in [
        ("/api/tasks", &["GET", "POST"][..]),
        ("/api/tasks/some-id", &["GET", "PUT", "PATCH", "DELETE"]),
        ("/api/auth/login", &["POST"]),
    ] {
        let answer = preflight(&api(), path, "https://anywhere.example");
        assert!(matches!(answer.status, 200 | 204), "{answer:?}");
        assert_eq!(
            answer.header("access-control-allow-origin"),
            "*",
            "{answer:?}"
        );
        let allowed = answer.header("access-control-allow-methods").to_owned();
        for method in methods {
            assert!(
                allowed.contains(method),
                "{method} is missing from {allowed}"
            );
        }
        let headers = answer.header("access-control-allow-headers").to_lowercase();
        for header in ["authorization", "content-type", "if-match"] {
            assert!(
                headers.contains(header),
                "{header} is missing from {headers}"
            );
        }
    }

    let person = user();
    let from_page = |client: &tests::Client| {
        client.send(
            client
                .request("GET", "/api/tasks")
                .header("origin", "https://anywhere.example"),
        )
    };
    for answer in [from_page(&person), from_page(&api())] {
        assert_eq!(
            answer.header("access-control-allow-origin"),
            "*",
            "errors too: {answer:?}"
        );
        let exposed = answer
            .header("access-control-expose-headers")
            .to_lowercase();
        assert!(
            exposed.contains("etag") && exposed.contains("retry-after"),
            "{answer:?}"
        );
    }
}

#[test]
fn only_configured_pages_may_call_in_production() {
    if is_external() {
        return skip("it needs an application with its own variables");
    }
    let app = TestApp::builder()
        .variable("cors_origins", "https://app.example, https://admin.example")
        .start();
    for origin in ["https://app.example", "https://admin.example"] {
        let answer = preflight(&app.client(), "/api/tasks", origin);
        assert_eq!(
            answer.header("access-control-allow-origin"),
            origin,
            "{answer:?}"
        );
        assert!(
            answer.header("vary").to_lowercase().contains("origin"),
            "{answer:?}"
        );
    }
    for origin in [
        "https://evil.example",
        "https://app.example.evil.example",
        "http://app.example",
        "null",
    ] {
        let answer = preflight(&app.client(), "/api/tasks", origin);
        assert_eq!(
            answer.header("access-control-allow-origin"),
            "",
            "{origin}: {answer:?}"
        );
    }
}
