//! From sending a request that creates a task to its update on another client's socket, and what idle
//! connections take.

use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use chrono::Utc;
use serde_json::{Value, json};
use tests::{Client, TestApp, User, jwt};
use tungstenite::{Message, WebSocket};
use uuid::Uuid;

use crate::{Figures, resident_mb};

const TASKS: usize = 300;
const IDLE: usize = 10_000;

/// Measures with so many connected, of other people and of the same one; then counts memory.
pub fn updates() {
    tests::raise_open_files();
    println!(
        "live, from POST to socket{:>37} {:>10} {:>10}",
        "a second", "p50", "p99"
    );
    let app = TestApp::start();
    for connected in [1, 100, 1_000] {
        let others: Vec<Socket> = (1..connected)
            .map(|_| connect(&app, &token(&app, &Uuid::new_v4().to_string())))
            .collect();
        let name = format!("live: {connected} connected, to the person's own");
        to_another(&app, &name);
        drop(others);
    }
    let person = app.user();
    let mut sockets: Vec<Socket> = (0..1_000)
        .map(|_| connect(&app, &token(&app, &person.id)))
        .collect();
    measure(
        &person,
        &mut sockets,
        "live: 1000 of one person, to the last",
    );
    drop((sockets, app));
    idle();
}

/// From one client of a person to another one's socket.
pub fn to_another(app: &TestApp, name: &str) {
    let person = app.user();
    let mut socket = connect(app, &token(app, &person.id));
    measure(&person, std::slice::from_mut(&mut socket), name);
}

type Socket = WebSocket<TcpStream>;

fn connect(app: &TestApp, token: &str) -> Socket {
    let stream = TcpStream::connect(app.front()).expect("the gateway takes a connection");
    stream.set_nodelay(true).expect("no delay");
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .expect("a time limit");
    let url = format!("ws://{}/api/ws", app.front());
    let (mut socket, _) = tungstenite::client(url, stream).expect("a WebSocket");
    let auth = json!({"type": "auth", "token": token});
    socket
        .send(Message::text(auth.to_string()))
        .expect("a message is taken");
    while !message(&mut socket).contains("\"subscribed\"") {}
    socket
}

fn message(socket: &mut Socket) -> String {
    let message = socket.read().expect("a message");
    message.into_text().expect("text").to_string()
}

fn token(app: &TestApp, user_id: &str) -> String {
    let now = Utc::now().timestamp();
    let claims = json!({
        "sub": user_id, "iss": "todo-chatbot", "aud": "todo-api", "exp": now + 900, "iat": now,
        "jti": Uuid::new_v4(), "fam": Uuid::new_v4(),
    });
    let header = json!({"alg": "HS256", "typ": "JWT"});
    jwt::sign(&header, &claims, app.jwt_secret.as_bytes())
}

/// Creates tasks one after the other, each once the last socket has seen the one before.
fn measure(person: &User, sockets: &mut [Socket], name: &str) {
    let client: Client = person.client.clone();
    let mut latencies = Vec::with_capacity(TASKS);
    let begin = Instant::now();
    // The first ones start the services.
    for n in 0..TASKS + 10 {
        let title = format!("task {n}");
        let start = Instant::now();
        let seen = thread::scope(|scope| {
            let (client, title) = (&client, &title);
            let request = scope.spawn(move || client.task(title));
            for socket in sockets.iter_mut() {
                while title_of(&message(socket)).as_ref() != Some(title) {}
            }
            let seen = start.elapsed();
            request.join().expect("the task is created");
            seen
        });
        if n >= 10 {
            latencies.push(seen);
        }
    }
    let wall = begin.elapsed();
    println!("{}", Figures { latencies, wall }.row(name));
}

fn title_of(message: &str) -> Option<String> {
    let message: Value = serde_json::from_str(message).ok()?;
    let title = &message["event"]["update_data"]["title"];
    title.as_str().map(str::to_owned)
}

/// The memory of the host with idle connections of as many people.
fn idle() {
    let app = TestApp::start();
    let before = resident_mb(app.pid());
    let sockets: Vec<Socket> = thread::scope(|scope| {
        let opening: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let of_nobody = || token(&app, &Uuid::new_v4().to_string());
                    let open = |_| connect(&app, &of_nobody());
                    (0..IDLE / 4).map(open).collect::<Vec<_>>()
                })
            })
            .collect();
        let opened = opening.into_iter();
        opened
            .flat_map(|it| it.join().expect("connections"))
            .collect()
    });
    thread::sleep(Duration::from_secs(2));
    println!(
        "resident memory with {} idle connections, {} MB (with none, {before} MB)\n",
        sockets.len(),
        resident_mb(app.pid())
    );
}
