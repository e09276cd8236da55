//! What people do all day, over HTTP: 60% list, 15% get, 15% create, 7% update and complete, 3% search, on 100,000
//! tasks of 1,000 people. Clients with the same seeds ask our application, under both hosts and on both databases,
//! and a FastAPI service of the same contract, one after the other on one machine, on which the clients run too.
//!
//! Ours counts each request against the limit, asks whether the person is still signed in, logs the request and
//! publishes each change. The whole application runs, with the services that consume that meanwhile, and once more
//! its API alone, which is what the service beside it is.

mod data;
mod operations;
mod target;

use std::thread;
use std::time::{Duration, Instant};

use chrono::Utc;
use serde_json::{Value, json};
use tests::{Builder, TestApp, jwt, spin};
use uuid::Uuid;

use crate::Figures;
use crate::http::Connection;
use crate::random::Random;
use data::{Data, PEOPLE, TASKS};
use operations::{LISTS, Operation, Request};
use target::Target;

const CLIENTS: usize = 16;
/// What comes first is not counted.
const WARM_UP: Duration = Duration::from_secs(5);
const RUN: Duration = Duration::from_secs(20);
const SEED: u64 = 20_261_123;

/// How a target stands beside the others.
struct Standing {
    row: String,
    a_second: f64,
    memory_mb: u64,
    postgres_mb: Option<u64>,
}

/// Measures them all, and prints them side by side.
pub fn run() {
    println!(
        "{:<42} {:>9} {:>10} {:>10}",
        format!("HTTP mix, {CLIENTS} clients, {TASKS} tasks"),
        "a second",
        "p50",
        "p99"
    );
    let data = Data::new();
    let (mut agreed, mut standings) = (None, Vec::new());
    let mut measured = |target: Target| {
        let tokens = tokens(&target.secret);
        agree(&target, &tokens, &mut agreed);
        standings.push(measure(&target, &tokens, &data));
    };
    let ours = TestApp::builder;
    measured(Target::on_sqlite("todo, SQLite", ours(), &data));
    measured(Target::on_postgres("todo, PostgreSQL", ours(), &data));
    // What the service beside ours is: an API whose events nobody consumes.
    let alone = || {
        let chosen = ["--component-id", "todo-api", "--component-id", "password"];
        chosen.into_iter().fold(ours(), Builder::argument)
    };
    measured(Target::on_sqlite("todo-api alone, SQLite", alone(), &data));
    let name = "todo-api alone, PostgreSQL";
    measured(Target::on_postgres(name, alone(), &data));
    if spin::is_there() {
        let ours = || TestApp::builder().under_spin();
        measured(Target::on_sqlite("stock Spin, SQLite", ours(), &data));
        measured(Target::on_postgres("stock Spin, PostgreSQL", ours(), &data));
    } else {
        println!("stock Spin: not measured, `spin` is not on the PATH\n");
    }
    let peer = target::python().map(|python| measured(Target::peer(&python, &data)));
    if let Err(reason) = &peer {
        println!("FastAPI + asyncpg: not measured, {reason}\n");
    }
    // It was the last one.
    let peer = standings.last().filter(|_| peer.is_ok());
    let peer = peer.map(|standing| standing.a_second);
    println!(
        "{:<42} {:>9} {:>10} {:>10} {:>8} {:>10} {:>8}",
        "side by side", "a second", "p50", "p99", "memory", "PostgreSQL", "× peer"
    );
    for standing in &standings {
        let mb = |mb: u64| format!("{mb} MB");
        println!(
            "{} {:>8} {:>10} {:>8}",
            standing.row,
            mb(standing.memory_mb),
            standing.postgres_mb.map(mb).unwrap_or_default(),
            peer.map_or_else(String::new, |peer| format!(
                "{:.1}",
                standing.a_second / peer
            )),
        );
    }
    println!();
}

/// An access token of each person.
fn tokens(secret: &str) -> Vec<String> {
    let now = Utc::now().timestamp();
    let header = json!({"alg": "HS256", "typ": "JWT"});
    let token = |person| {
        let claims = json!({
            "sub": Data::person(person), "fam": Data::family(person), "jti": Uuid::new_v4(),
            "iss": "todo-chatbot", "aud": "todo-api", "iat": now, "exp": now + 86_400,
        });
        jwt::sign(&header, &claims, secret.as_bytes())
    };
    (0..PEOPLE).map(token).collect()
}

/// Fails unless the target answers as the first one did, before anything is changed: the same tasks in the same
/// order in each list, and as many hits in each search.
fn agree(target: &Target, tokens: &[String], agreed: &mut Option<Vec<String>>) {
    const EACH: usize = 5;
    const SEARCHES: usize = 40;
    let mut connection = Connection::to(target.addresses[0]);
    let mut random = Random::new(SEED);
    let mut ask = |path: &str, person: usize| -> Value {
        let answer = connection.send("GET", path, &tokens[person], None);
        let answer = answer.unwrap_or_else(|error| panic!("{}, {path}: {error}", target.name));
        let text = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, 200, "{}, {path}: {text}", target.name);
        serde_json::from_slice(&answer.body).expect("JSON")
    };
    let mut said = Vec::new();
    for path in LISTS {
        for _ in 0..EACH {
            let person = random.below(PEOPLE);
            let page = ask(path, person);
            let tasks = page["tasks"].as_array().expect("tasks");
            let ids: Vec<&Value> = tasks.iter().map(|task| &task["id"]).collect();
            said.push(format!("{path} of {person}: {} {ids:?}", page["total"]));
        }
    }
    for _ in 0..SEARCHES {
        let person = random.below(PEOPLE);
        let path = format!("/api/search/tasks?q={}", Data::search(&mut random));
        let found = ask(&path, person);
        said.push(format!("{path} of {person}: {}", found["total"]));
    }
    match agreed {
        None => *agreed = Some(said),
        Some(agreed) => {
            for (first, this) in agreed.iter().zip(&said) {
                assert_eq!(first, this, "{} answers something else", target.name);
            }
        }
    }
}

/// Drives the mix, prints what came of it, and answers the line for the last table.
fn measure(target: &Target, tokens: &[String], data: &Data) -> Standing {
    let (samples, wall) = drive(target, tokens, data);
    let (memory_mb, postgres_mb) = (target.memory_mb(), target.postgres_mb());
    let behind = target.events_behind();
    let figures = |wanted: Option<Operation>| Figures {
        latencies: samples
            .iter()
            .filter(|(operation, _)| wanted.is_none_or(|wanted| wanted == *operation))
            .map(|(_, latency)| *latency)
            .collect(),
        wall,
    };
    let row = figures(None).row(&target.name);
    println!("{row}");
    for operation in Operation::ALL {
        let name = format!("  {}", operation.name());
        println!("{}", figures(Some(operation)).row(&name));
    }
    print!("  errors: 0 of {}; memory: {memory_mb} MB", samples.len());
    if let Some(mb) = postgres_mb {
        print!(", PostgreSQL {mb} MB");
    }
    if let Some(behind) = behind {
        print!("; events not yet consumed: {behind}");
    }
    println!("\n");
    Standing {
        row,
        a_second: samples.len() as f64 / wall.as_secs_f64(),
        memory_mb,
        postgres_mb,
    }
}

type Sample = (Operation, Duration);

/// All that was asked after the warm-up, and how long that took. Fails at the first answer with another status
/// than it should have.
fn drive(target: &Target, tokens: &[String], data: &Data) -> (Vec<Sample>, Duration) {
    let begin = Instant::now();
    let samples = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| scope.spawn(move || ask_on(target, tokens, data, client, begin)))
            .collect();
        let clients = clients.into_iter();
        clients
            .flat_map(|client| client.join().expect("every answer is right"))
            .collect()
    });
    (samples, begin.elapsed() - WARM_UP)
}

/// What one client asks on one connection.
fn ask_on(
    target: &Target,
    tokens: &[String],
    data: &Data,
    client: usize,
    begin: Instant,
) -> Vec<Sample> {
    let mut connection = Connection::to(target.addresses[client % target.addresses.len()]);
    let mut random = Random::new(SEED + client as u64);
    let mut samples = Vec::new();
    while begin.elapsed() < WARM_UP + RUN {
        let request = Request::next(data, &mut random);
        let (token, body) = (&tokens[request.person], request.body.as_deref());
        let start = Instant::now();
        let answer = connection.send(request.method, &request.path, token, body);
        let latency = start.elapsed();
        let what = || format!("{}, {} {}", target.name, request.method, request.path);
        let answer = answer.unwrap_or_else(|error| panic!("{}: {error}", what()));
        assert_eq!(
            answer.status,
            request.operation.status(),
            "{}: {}",
            what(),
            String::from_utf8_lossy(&answer.body)
        );
        if start.duration_since(begin) >= WARM_UP {
            samples.push((request.operation, latency));
        }
    }
    samples
}
