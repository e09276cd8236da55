//! Requests that are no live connections.

use serde_json::Value;
use tests::{Client, Stack, TestApp, jwt, raw, skip};

use crate::client::{Handshake, Socket};
use crate::{Gateway, behind_each_gateway, own_token};

behind_each_gateway!(
    a_plain_request_is_told_what_it_needs,
    pages_of_other_origins_are_refused,
    what_comes_past_the_gateway_is_refused,
);

fn front(app: &TestApp) -> Client {
    Client::new(&format!("http://{}", app.front()))
}

fn a_plain_request_is_told_what_it_needs(gateway: Gateway) {
    let front = front(gateway.app());
    front.get("/api/ws").error(426);
    for method in ["PUT", "PATCH", "DELETE", "POST"] {
        for path in ["/api/ws", "/api/stream"] {
            let answer = front.send(front.request(method, path));
            answer.error(405);
            assert_eq!(answer.header("allow"), "GET,HEAD", "{method} {path}");
        }
    }
}

fn pages_of_other_origins_are_refused(gateway: Gateway) {
    if Stack::here() == Stack::Dapr {
        return skip("it sets origins, and the tests behind Dapr share an application");
    }
    let app = gateway
        .builder()
        .variable("cors_origins", "https://todo.example")
        .start();
    let person = app.user();
    let own = format!("http://{}", app.front());
    for (origin, allowed) in [
        ("https://todo.example", true),
        (own.as_str(), true),
        ("", true),
        ("https://evil.example", false),
        ("https://todo.example.evil.example", false),
        ("null", false),
    ] {
        let handshake = Handshake {
            origin,
            ..Handshake::default()
        };
        match Socket::try_open(&app, &handshake) {
            Ok(mut socket) => {
                assert!(allowed, "{origin}");
                socket.auth(own_token(&person));
            }
            Err(refused) => {
                assert!(!allowed, "{origin}: {refused:?}");
                assert_eq!(refused.status(), 403);
                let handshake = format!(
                    "GET /api/ws HTTP/1.1\r\nHost: {}\r\nOrigin: {origin}\r\nConnection: Upgrade\r\n\
                     Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                    app.front()
                );
                let answer = raw::exchange_within(app.front(), handshake.as_bytes(), 2);
                let body: Value = serde_json::from_str(answer.body()).expect("JSON");
                assert!(
                    body["detail"].is_string() && body["correlation_id"].is_string(),
                    "{body}"
                );
            }
        }
    }
}

/// Without the key nobody speaks for a connection: not for one's own, and not for anybody's.
fn what_comes_past_the_gateway_is_refused(gateway: Gateway) {
    let app = gateway.app();
    let person = app.user();
    let front = front(app);
    let later = chrono::Utc::now().timestamp() + 60;
    let header = serde_json::json!({"alg": "HS256", "typ": "JWT"});
    let claims = serde_json::json!({"iss": "pushpin", "exp": later});
    let forged = jwt::sign(&header, &claims, b"not the key of this gateway at all");
    for signature in [None, Some(forged.as_str()), Some("x")] {
        let mut request = app
            .client()
            .request("POST", "/api/ws")
            .header("content-type", "application/websocket-events")
            .header("meta-token", own_token(&person))
            .body("OPEN\r\n");
        if let Some(signature) = signature {
            request = request.header("grip-sig", signature);
        }
        let refused = front.send(request);
        refused.error(501);
        assert!(refused.header("set-meta-token").is_empty());
    }
}
