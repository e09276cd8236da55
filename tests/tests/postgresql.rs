//! What docs/postgresql.md says is set, starts an application that keeps its tasks there.

use servers::Postgres;
use tests::{TestApp, root};

#[test]
fn the_pages_variables_are_enough() {
    let page = std::fs::read_to_string(root().join("docs/postgresql.md")).expect("the page");
    let commands = page
        .split("```sh\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let server = Postgres::shared();
    let url = server.create_database();
    let mut builder = TestApp::builder();
    for line in commands.expect("commands").lines() {
        if let Some(variable) = line.strip_prefix("export ") {
            let (name, value) = variable.split_once('=').expect("NAME=value");
            let value = value
                .replace("postgres://todo:secret@db.example:5432/todo", &url)
                .replace(
                    "postgres://db.example:5432",
                    &format!("postgres://{}", server.address()),
                );
            builder = builder.environment(name, &value);
        } else {
            assert_eq!(line, "todo up");
        }
    }
    let app = builder.start();
    let user = app.user();
    assert!(!user.id.is_empty());
    let database = url.rsplit('/').next().expect("a name");
    assert_eq!(
        server
            .execute(database, "SELECT count(*) FROM tasks.users")
            .trim(),
        "1"
    );
}
