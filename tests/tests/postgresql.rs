//! An application on PostgreSQL, one that moves there, and what docs/postgresql.md says.

use std::fs;
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::{Value, json};
use servers::Postgres;
use tests::{Builder, TestApp, User, docs, todo, wait_for};

/// The databases that move.
const LABELS: [&str; 5] = ["tasks", "reminders", "notifications", "audit", "live"];

fn printed(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Fails unless the command failed and said this.
#[track_caller]
fn refuses(output: &Output, reason: &str) {
    let text = printed(output);
    assert!(
        !output.status.success() && text.contains(reason),
        "{reason}: {text}"
    );
}

fn stop(app: &mut TestApp) {
    app.signal("TERM");
    let status = app.exit_within(Duration::from_secs(60)).expect("it ends");
    assert!(status.success(), "{status}");
}

fn name(url: &str) -> &str {
    url.rsplit('/').next().expect("a name")
}

/// A person with tasks of every kind.
fn fill(app: &TestApp) -> User {
    let user = app.user();
    for task in [
        json!({"title": "Crème brûlée 🍮 \\ \"tea\"", "tags": ["a'b", "two words", "back\\slash"]}),
        json!({"title": "long", "description": "lorem ipsum dolor ".repeat(555)}),
        json!({"title": "lines", "description": "one\ntwo\r\n\tthree \\N"}),
        json!({"title": "due", "due_date": "2030-01-01T10:00:00Z", "priority": "urgent", "recurrence_pattern": "weekly"}),
    ] {
        user.create(&task);
    }
    for n in 0..30 {
        let path = format!("/api/tasks/{}", user.task(&format!("task {n}")));
        if n % 3 == 0 {
            user.post_empty(&format!("{path}/complete")).expect(200);
        }
        if n % 7 == 0 {
            user.delete(&path).expect(204);
        }
    }
    user
}

/// Has a person reminded, who reads it.
fn remind(user: &User) {
    let soon = chrono::Utc::now() + chrono::TimeDelta::seconds(3);
    user.create(&json!({"title": "soon", "due_date": soon.to_rfc3339(), "reminders": ["PT1S"]}));
    let notification = wait_for("the notification", 30, || user.notifications().pop());
    let id = notification["id"].as_str().expect("an id");
    let path = format!("/api/notifications/{id}/read");
    user.post_empty(&path).expect(200);
}

/// What the person sees.
fn seen(user: &User) -> Vec<Value> {
    let mut seen: Vec<Value> = [
        "/api/users/me",
        "/api/tasks?limit=100",
        "/api/tasks?limit=100&sort=-due_date",
        "/api/tags",
        "/api/search/tasks?q=brulee",
        "/api/search/tasks?q=ipsum",
        "/api/tasks?tag=two%20words",
    ]
    .iter()
    .map(|path| user.get(path).expect(200))
    .collect();
    seen.push(user.notifications().into());
    seen.push(user.audit().into());
    seen
}

/// The same person at another application.
fn at(app: &TestApp, user: &User) -> User {
    let token = user.token.as_deref().expect("a token");
    let client = app.client().with_token(token);
    User {
        client,
        ..user.clone()
    }
}

/// Fails unless each table of a service has as many rows in PostgreSQL.
fn assert_same_counts(app: &TestApp, server: &Postgres, url: &str, label: &str) {
    let file = app.database(label);
    let mut tables = file
        .prepare(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'
               AND name NOT LIKE 'task\\_%' ESCAPE '\\' AND name <> 'schema_migrations'",
        )
        .expect("a statement");
    let tables: Vec<String> = tables
        .query_map([], |row| row.get::<_, String>(0))
        .and_then(Iterator::collect)
        .expect("the tables");
    let mut total = 0;
    for table in tables {
        let rows = app.count(label, &format!("SELECT count(*) FROM {table}"));
        let copied = server.execute(name(url), &format!("SELECT count(*) FROM {label}.{table}"));
        assert_eq!(copied.trim(), rows.to_string(), "{label}.{table}");
        total += rows;
    }
    assert!(total > 0, "{label} has rows");
}

#[test]
fn an_application_moves_to_postgresql_without_losing_a_row() {
    let server = Postgres::shared();
    let url = server.create_database();
    let mut app = TestApp::builder().tick_each_second().start();
    let people = [fill(&app), fill(&app)];
    people.iter().for_each(remind);
    let gone = app.user();
    gone.task("secret");
    let confirmed = json!({ "password": gone.password }).to_string();
    gone.json_bytes("DELETE", "/api/users/me", confirmed)
        .expect(204);
    app.settle(60);
    let before = people.each_ref().map(seen);
    let copy = ["copy", "--to", url.as_str()];
    refuses(&app.try_command(&copy), "must be stopped");

    stop(&mut app);
    let chains = app.command(&["audit", "verify", "--json"]);
    let text = app.command(&copy);
    assert!(text.contains("tasks.tasks: 70 rows"), "{text}");
    assert!(text.contains("rows copied and compared"), "{text}");
    refuses(&app.try_command(&copy), "not empty");
    for label in LABELS {
        assert_same_counts(&app, server, &url, label);
    }
    let kept = app.state_dir().join("chains.jsonl");
    fs::write(&kept, &chains).expect("the chains are kept");
    let verify = ["audit", "verify", "--json", "--database-url", url.as_str()];
    let kept = kept.to_str().expect("UTF-8");
    let expect = [&verify[..], &["--expect", kept]].concat();
    assert_eq!(app.command(&expect), chains);

    let moved = TestApp::builder().state_of(&app).database_at(&url).start();
    let people = people.each_ref().map(|user| at(&moved, user));
    assert_eq!(people.each_ref().map(seen), before);
    let user = &people[0];
    user.create(&json!({"title": "new", "tags": ["a'b"]}));
    assert_eq!(user.get("/api/tasks?tag=a'b").expect(200)["total"], 2);
    let refresh = json!({ "refresh_token": user.refresh_token });
    user.post("/api/auth/refresh", &refresh).expect(200);
    let entries = user.audit().len();
    user.task("newer");
    wait_for("the trail", 30, || {
        (user.audit().len() > entries).then_some(())
    });
    moved.command(&verify);
}

#[test]
fn what_cannot_be_copied_is_named_and_nothing_is() {
    let server = Postgres::shared();
    let url = server.create_database();
    let copy = ["copy", "--to", url.as_str()];
    let mut app = TestApp::start();
    fill(&app);
    stop(&mut app);
    let open = || rusqlite::Connection::open(app.state_dir().join("tasks.db")).expect("the file");
    let change = |sql: &str| assert_eq!(open().execute(sql, []).expect("changed"), 1);

    let file = open();
    file.query_row("SELECT count(*) FROM users", [], |row| row.get::<_, i64>(0))
        .expect("read");
    refuses(&app.try_command(&copy), "has it open");
    drop(file);
    change("INSERT INTO schema_migrations (number, applied_at) VALUES (99, 0)");
    refuses(&app.try_command(&copy), "made by newer code");
    change("DELETE FROM schema_migrations WHERE number = 99");

    change("UPDATE tasks SET description = 'a' || char(0) WHERE title = 'due'");
    let refused = app.try_command(&copy);
    refuses(&refused, "tasks.tasks");
    refuses(&refused, "description holds a NUL");
    let users = server.execute(name(&url), "SELECT count(*) FROM tasks.users");
    assert_eq!(users.trim(), "0");
    change("UPDATE tasks SET description = 'a' WHERE title = 'due'");
    let text = app.command(&copy);
    assert!(text.contains("tasks.users: 1 rows"), "{text}");
}

#[test]
fn migrations_are_shown_and_applied() {
    let url = Postgres::shared().create_database();
    let migrate = |arguments: &[&str]| {
        Command::new(todo())
            .arg("migrate")
            .args(arguments)
            .env("SPIN_VARIABLE_DATABASE_URL", &url)
            .output()
            .expect("the host's program starts")
    };
    refuses(&migrate(&["--dry-run"]), "tasks: 0, 1 to apply");
    let applied = migrate(&[]);
    let text = printed(&applied);
    assert!(
        applied.status.success() && text.contains("tasks: 0 -> 1"),
        "{text}"
    );
    let shown = migrate(&["--dry-run"]);
    assert!(shown.status.success(), "{}", printed(&shown));

    let app = TestApp::start();
    let text = app.command(&["migrate"]);
    assert!(text.contains("tasks: 3, up to date"), "{text}");
    app.command(&["migrate", "--dry-run"]);
}

/// The variables that the page's first commands set, for a database of the test's own.
fn variables(commands: &str, server: &Postgres, url: &str) -> Vec<(String, String)> {
    let mut variables = Vec::new();
    for line in commands.lines() {
        if let Some(variable) = line.strip_prefix("export ") {
            let (name, value) = variable.split_once('=').expect("NAME=value");
            let value = value
                .replace("postgres://todo:secret@db.example:5432/todo", url)
                .replace(
                    "postgres://db.example:5432",
                    &format!("postgres://{}", server.address()),
                );
            variables.push((name.to_owned(), value));
        } else {
            assert_eq!(line, "todo up");
        }
    }
    variables
}

fn with(builder: Builder, variables: &[(String, String)]) -> Builder {
    variables.iter().fold(builder, |builder, (name, value)| {
        builder.environment(name, value)
    })
}

#[test]
fn the_pages_commands_work() {
    let blocks = docs::blocks("postgresql", "sh");
    let [start, copy] = &blocks[..] else {
        panic!("two blocks: {blocks:?}");
    };
    let server = Postgres::shared();
    let url = server.create_database();
    let variables = variables(start, server, &url);
    let mut app = TestApp::start();
    let user = app.user();
    user.task("moves");
    stop(&mut app);

    let output = Command::new("sh")
        .args([
            "-e",
            "-c",
            &format!("todo() {{ \"$TODO_BIN\" \"$@\"; }}\n{copy}"),
        ])
        .env("TODO_BIN", todo())
        .env("STATE_DIR", app.state_dir())
        .envs(variables.clone())
        .current_dir(app.state_dir())
        .output()
        .expect("sh starts");
    assert!(output.status.success(), "{copy}\n{}", printed(&output));
    let moved = with(TestApp::builder().state_of(&app), &variables).start();
    assert_eq!(at(&moved, &user).titles(&[]), ["moves"]);
    let users = server.execute(name(&url), "SELECT count(*) FROM tasks.users");
    assert_eq!(users.trim(), "1");
}
