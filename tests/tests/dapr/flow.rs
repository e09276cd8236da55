//! What a person notices.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};
use tests::wait_for;

use crate::{audited, in_seconds, platform, text, wait_audited};

#[test]
fn a_recurring_task_gets_its_next_instance_by_invocation_once() {
    let platform = platform();
    let person = platform.user();
    let first = person.create(&json!({
        "title": "Water the plants", "due_date": "2030-03-01T08:00:00Z", "recurrence_pattern": "daily",
    }));
    let id = text(&first, "id");
    wait_audited(&person, id, "reminder_scheduled");
    person
        .post_empty(&format!("/api/tasks/{id}/complete"))
        .expect(200);
    let pending = || -> Vec<Value> {
        let page = person.get("/api/tasks?status=pending").expect(200);
        page["tasks"].as_array().expect("tasks").clone()
    };
    let next = wait_for("the next instance", 60, || pending().pop());
    assert_eq!(next["due_date"], "2030-03-02T08:00:00Z");
    wait_audited(&person, text(&next, "id"), "reminder_scheduled");
    wait_audited(&person, id, "task_completed");
    assert_eq!(pending().len(), 1);
    let trail = audited(&person, id);
    let created = trail.iter().filter(|event| *event == "task_created");
    assert_eq!(created.count(), 1, "{trail:?}");
}

#[test]
fn a_due_reminder_comes_by_the_mail_binding_and_in_the_application() {
    let platform = platform();
    let person = platform.user();
    let channels = json!({"notification_preferences": {"channels": ["email", "in_app"]}});
    person.patch("/api/users/me", &channels).expect(200);
    let task = person.create(&json!({
        "title": "Pay rent 🏠", "due_date": in_seconds(6), "reminders": ["PT1S"],
    }));
    let mine = || -> Vec<_> {
        let mails = platform.mail.mails().into_iter();
        mails
            .filter(|mail| mail.to == [person.email.as_str()])
            .collect()
    };
    let mail = wait_for("the mail", 90, || mine().pop());
    assert!(
        mail.text.contains("From: todo@example.com"),
        "{}",
        mail.text
    );
    wait_for("the notification", 60, || {
        let notifications = person.notifications().into_iter();
        notifications
            .filter(|it| it["task_id"] == task["id"])
            .find(|it| text(it, "title").contains("Pay rent 🏠"))
    });
    wait_audited(&person, text(&task, "id"), "reminder_triggered");
    assert_eq!(mine().len(), 1);
}

#[test]
fn a_text_message_goes_through_the_sms_binding() {
    // What the binding would reach at Twilio, it asks this proxy for.
    let proxy = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = proxy.local_addr().expect("an address");
    let platform = platform();
    let sidecar = platform
        .files()
        .sidecar("notification")
        .environment("HTTPS_PROXY", format!("http://{address}"))
        .start();
    let asked = std::thread::spawn(move || -> Option<String> {
        let (stream, _) = proxy.accept().ok()?;
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).ok()?;
        (&stream)
            .write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n")
            .ok()?;
        Some(line)
    });
    let sidecar = tests::Client::new(&sidecar.url());
    let body = json!({
        "operation": "create", "metadata": {"toNumber": "+41791234567"}, "data": "Due today",
    });
    let answer = wait_for("the binding", 60, || {
        let request = sidecar
            .request("POST", "/v1.0/bindings/sms")
            .header("dapr-api-token", &platform.dapr_token)
            .json(&body);
        let answer = sidecar.send(request);
        // Its components may still be loading.
        (!answer.text().contains("couldn't find output binding")).then_some(answer)
    });
    assert_eq!(answer.status, 500);
    let asked = asked.join().expect("the proxy").expect("a request");
    assert_eq!(asked.trim_end(), "CONNECT api.twilio.com:443 HTTP/1.1");
}

#[test]
fn other_screens_hear_of_a_change() {
    let platform = platform();
    let person = platform.user();
    let stream = TcpStream::connect(platform.app.address).expect("a connection");
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .expect("a time limit");
    let token = person.token.as_deref().expect("a token");
    write!(
        &stream,
        "GET /api/stream HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nAccept: text/event-stream\r\n\r\n",
        platform.app.address
    )
    .expect("a request");
    let mut lines = BufReader::new(&stream).lines();
    let mut seen = Vec::new();
    let mut until = |what: &str| loop {
        let line = lines
            .next()
            .unwrap_or_else(|| panic!("the stream ended before {what}: {seen:?}"))
            .unwrap_or_else(|error| panic!("{what}: {error}, after {seen:?}"));
        if line.contains(what) {
            return;
        }
        seen.push(line);
    };
    until("200 OK");
    until("event: ");
    person.task("Heard of elsewhere");
    until("Heard of elsewhere");
}

#[test]
fn secrets_come_from_the_secret_store_and_invocation_reaches_the_api() {
    let platform = platform();
    assert_ne!(platform.unused_jwt_secret, platform.jwt_secret);
    let person = platform.user();
    let token = person.token.as_deref().expect("a token");
    let (header, claims) = (tests::jwt::header(token), tests::jwt::claims(token));
    let signed = |secret: &str| tests::jwt::sign(&header, &claims, secret.as_bytes());
    let other = platform
        .app
        .client()
        .with_token(&signed(&platform.unused_jwt_secret));
    assert_eq!(other.get("/api/users/me").status, 401);

    // From another service's sidecar to the Todo API's, and through it to the application.
    let sidecar = platform
        .sidecar("reminder")
        .with_token(&signed(&platform.jwt_secret));
    let request = sidecar
        .request("GET", "/v1.0/invoke/todo-api/method/api/users/me")
        .header("dapr-api-token", &platform.dapr_token);
    let me = sidecar.send(request).expect(200);
    assert_eq!(me["id"], person.id.as_str());
    // Only who has the sidecar's token may ask it.
    let request = sidecar.request("GET", "/v1.0/invoke/todo-api/method/api/users/me");
    assert_eq!(sidecar.send(request).status, 401);
}
