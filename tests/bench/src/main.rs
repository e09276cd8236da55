//! Prints what the platform takes, all of it or the parts that the command line names.
//!
//! What is compared is measured in one run on one machine, so that the difference is not of the day: requests
//! through the host and the storage crate alone (`requests`), the host on either database, stock Spin and a FastAPI
//! service (`mix`), Kafka and the embedded log (`kafka`).

mod events;
mod http;
mod kafka;
mod live;
mod memory;
mod mix;
mod random;
mod services;

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use chrono::{TimeZone as _, Utc};
use serde_json::json;
use storage::{Origin, Storage as _};
use task_model::{NewTask, NewUser, Priority, RecurrenceFrom, TaskPatch, TaskQuery};
use tests::{Client, TestApp};
use uuid::Uuid;

const CLIENTS: usize = 4;
const TASKS: usize = 2_000;
const RUN: Duration = Duration::from_secs(4);

/// What is measured, by the names that the command line takes.
const PARTS: [(&str, fn()); 9] = [
    ("start", start_up),
    ("requests", requests),
    ("mix", mix::run),
    ("log", events::log),
    ("trail", events::to_the_trail),
    ("services", services::all),
    ("live", live::updates),
    ("kafka", kafka::all),
    ("language", sentences),
];

/// Measures the parts that are named on the command line, or all.
fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let known = PARTS.map(|(name, _)| name);
    if let Some(unknown) = wanted.iter().find(|name| !known.contains(&name.as_str())) {
        eprintln!("{unknown} is none of: {}", known.join(" "));
        std::process::exit(2);
    }
    println!("{}\n", machine());
    for (name, measure) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|it| it == name) {
            measure();
        }
    }
}

fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.split_once(':'))
            .map_or_else(
                || "unknown".to_owned(),
                |(_, value)| value.trim().to_owned(),
            )
    };
    format!(
        "{} × {}, {} memory, Linux {}",
        thread::available_parallelism().map_or(0, usize::from),
        field(&read("/proc/cpuinfo"), "model name"),
        field(&read("/proc/meminfo"), "MemTotal"),
        read("/proc/sys/kernel/osrelease").trim(),
    )
}

/// From starting the process to its first answer, and what it occupies then.
fn start_up() {
    let app = TestApp::builder();
    let begin = Instant::now();
    let first = app.start();
    let fresh = begin.elapsed();
    drop_gently(&first);
    let begin = Instant::now();
    let second = first.restart();
    let again = begin.elapsed();
    println!(
        "start-up to first answer of /readyz, fresh state   {:>9.0?}",
        fresh
    );
    println!(
        "start-up to first answer of /readyz, second start  {:>9.0?}",
        again
    );
    println!(
        "resident memory, idle                              {:>6} MB\n",
        resident_mb(second.pid())
    );
}

fn drop_gently(app: &TestApp) {
    app.signal("TERM");
    tests::wait_for("the host's end", 15, || {
        app.client().try_get("/healthz").is_none().then_some(())
    });
}

fn resident_mb(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status
        .lines()
        .find_map(|line| {
            line.strip_prefix("VmRSS:")?
                .trim()
                .strip_suffix(" kB")?
                .trim()
                .parse::<u64>()
                .ok()
        })
        .map_or(0, |kb| kb / 1024)
}

/// One measured operation.
struct Figures {
    latencies: Vec<Duration>,
    wall: Duration,
}

impl Figures {
    fn row(&mut self, name: &str) -> String {
        self.latencies.sort_unstable();
        let at = |share: f64| {
            let index = ((self.latencies.len() as f64 - 1.0) * share) as usize;
            self.latencies.get(index).copied().unwrap_or_default()
        };
        format!(
            "{name:<42} {:>9.0} {:>10.2?} {:>10.2?}",
            self.latencies.len() as f64 / self.wall.as_secs_f64(),
            at(0.5),
            at(0.99),
        )
    }
}

/// Runs `operation` on [`CLIENTS`] threads for [`RUN`].
fn measure(operation: impl Fn(usize, usize) + Sync) -> Figures {
    let begin = Instant::now();
    let latencies = thread::scope(|scope| {
        let operation = &operation;
        let threads: Vec<_> = (0..CLIENTS)
            .map(|client| {
                scope.spawn(move || {
                    let mut latencies = Vec::new();
                    while begin.elapsed() < RUN {
                        let start = Instant::now();
                        operation(client, latencies.len());
                        latencies.push(start.elapsed());
                    }
                    latencies
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_default())
            .collect()
    });
    Figures {
        latencies,
        wall: begin.elapsed(),
    }
}

fn requests() {
    println!(
        "{CLIENTS} clients, {TASKS} tasks of one person{:>20} {:>10} {:>10}",
        "a second", "p50", "p99"
    );
    through_the_host();
    println!();
    storage_alone();
    println!();
}

fn through_the_host() {
    let app = TestApp::start();
    let client: Client = app.user().client;
    let ids: Vec<String> = (0..TASKS)
        .map(|n| client.task(&format!("task {n} about the garden")))
        .collect();
    let id = |client: usize, n: usize| &ids[(client * 499 + n) % ids.len()];
    let ok = |answer: tests::Answer, status: u16| {
        answer.expect(status);
    };
    let row = |name: &str, mut figures: Figures| println!("{}", figures.row(name));
    row(
        "host: GET /healthz",
        measure(|_, _| {
            assert_eq!(client.get("/healthz").status, 200);
        }),
    );
    row(
        "host: read a task",
        measure(|c, n| ok(client.get(&format!("/api/tasks/{}", id(c, n))), 200)),
    );
    row(
        "host: list 20 tasks",
        measure(|_, _| ok(client.get("/api/tasks"), 200)),
    );
    row(
        "host: search",
        measure(|_, _| ok(client.query("/api/search/tasks", &[("q", "gard")]), 200)),
    );
    row(
        "host: create a task",
        measure(|c, n| {
            ok(
                client.post("/api/tasks", &json!({"title": format!("new {c} {n}")})),
                201,
            )
        }),
    );
    row(
        "host: change a task",
        measure(|c, n| {
            ok(
                client.patch(
                    &format!("/api/tasks/{}", id(c, n)),
                    &json!({"description": format!("{c} {n}")}),
                ),
                200,
            );
        }),
    );
    row(
        "host: chat, \"what is overdue?\"",
        measure(|_, _| {
            ok(
                client.post("/api/chat", &json!({"message": "what is overdue?"})),
                200,
            )
        }),
    );
    println!("resident memory after that, {} MB", resident_mb(app.pid()));
}

/// The same on the storage crate, in this process: no HTTP, no Wasm, one connection a thread.
fn storage_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let open =
        || pollster::block_on(storage::rusqlite::open(folder.path())).expect("the storage opens");
    let stores: Vec<_> = (0..CLIENTS).map(|_| open()).collect();
    let (user_id, now, origin) = (Uuid::now_v7(), Utc::now(), Origin::default());
    let new = |title: String| NewTask {
        id: Uuid::now_v7(),
        title,
        description: None,
        priority: Priority::Medium,
        due_date: None,
        reminders: vec![],
        tags: vec![],
        recurrence_pattern: None,
        recurrence_from: RecurrenceFrom::DueDate,
    };
    pollster::block_on(stores[0].create_user(
        NewUser {
            id: user_id,
            username: "bench".into(),
            email: "bench@example.com".into(),
            password_hash: String::new(),
            timezone: "UTC".into(),
        },
        now,
    ))
    .expect("a user");
    let ids: Vec<Uuid> = (0..TASKS)
        .map(|n| {
            let task = new(format!("task {n} about the garden"));
            pollster::block_on(stores[0].create_task(user_id, task, &origin, now))
                .expect("a task")
                .id
        })
        .collect();
    let id = |client: usize, n: usize| ids[(client * 499 + n) % ids.len()];
    let row = |name: &str, mut figures: Figures| println!("{}", figures.row(name));
    row(
        "storage alone: read a task",
        measure(|c, n| {
            pollster::block_on(stores[c].task(user_id, id(c, n))).expect("a task");
        }),
    );
    row(
        "storage alone: list 20 tasks",
        measure(|c, _| {
            pollster::block_on(stores[c].tasks(user_id, &TaskQuery::default(), now))
                .expect("tasks");
        }),
    );
    row(
        "storage alone: search",
        measure(|c, _| {
            pollster::block_on(stores[c].search(user_id, "gard", 20)).expect("hits");
        }),
    );
    row(
        "storage alone: create a task",
        measure(|c, n| {
            pollster::block_on(stores[c].create_task(
                user_id,
                new(format!("new {c} {n}")),
                &origin,
                now,
            ))
            .expect("a task");
        }),
    );
    row(
        "storage alone: change a task",
        measure(|c, n| {
            let patch = TaskPatch {
                description: Some(Some(format!("{c} {n}"))),
                ..TaskPatch::default()
            };
            pollster::block_on(stores[c].update_task(user_id, id(c, n), patch, None, &origin, now))
                .expect("a task");
        }),
    );
}

fn sentences() {
    let now = chrono_tz::Europe::Berlin
        .with_ymd_and_hms(2026, 11, 23, 10, 0, 0)
        .single()
        .expect("a moment");
    let sentences = [
        "remind me to pay rent on the 1st of every month at 9, high priority #home",
        "what's on my plate this week?",
        "move the dentist to next Friday at half past two and mark the report as done",
    ];
    let mut figures = measure(|_, n| {
        std::hint::black_box(language::understand(sentences[n % sentences.len()], now));
    });
    println!("{}", figures.row("understand a sentence, native"));
}
