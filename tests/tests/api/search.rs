//! Full-text search.

use serde_json::{Value, json};
use tests::User;

use crate::{text, user};

fn found(person: &User, q: &str) -> Vec<String> {
    let answer = person.query("/api/search/tasks", &[("q", q)]).expect(200);
    let tasks = answer["tasks"].as_array().expect("tasks");
    assert_eq!(answer["query"], q);
    tasks.iter().map(|task| text(task, "title")).collect()
}

#[test]
fn the_best_match_comes_first() {
    let person = user();
    person.create(&json!({ "title": "tidy up", "description": "the garage, the cellar, the attic, and if there is time left also look at the dentist bill that came last week" }));
    person.create(&json!({ "title": "dentist", "description": "dentist appointment" }));
    person.task("buy bread");
    assert_eq!(found(&person, "dentist"), ["dentist", "tidy up"]);
}

#[test]
fn search_looks_at_title_description_and_tags() {
    let person = user();
    person.create(&json!({ "title": "in the title: walrus" }));
    person.create(&json!({ "title": "second", "description": "a walrus in the description" }));
    person.create(&json!({ "title": "third", "tags": ["walrus"] }));
    person.task("none of it");
    let mut titles = found(&person, "WALRUS");
    titles.sort();
    assert_eq!(titles, ["in the title: walrus", "second", "third"]);
}

#[test]
fn the_last_word_may_be_unfinished() {
    let person = user();
    person.task("buy groceries");
    assert_eq!(found(&person, "groc"), ["buy groceries"]);
    assert_eq!(found(&person, "buy gro"), ["buy groceries"]);
    assert!(found(&person, "gro sell").is_empty());
}

#[test]
fn snippets_mark_the_match_and_escape_the_rest() {
    let person = user();
    person.create(
        &json!({ "title": "<script>alert(1)</script> & walrus", "description": "<b>walrus</b>" }),
    );
    let answer = person
        .query("/api/search/tasks", &[("q", "walrus")])
        .expect(200);
    let snippet = text(&answer["tasks"][0], "snippet");
    assert!(snippet.contains("<mark>walrus</mark>"), "{snippet}");
    let rest = snippet.replace("<mark>", "").replace("</mark>", "");
    assert!(!rest.contains('<') && !rest.contains('>'), "{snippet}");
    assert_eq!(answer["total"], 1);
    assert!(answer["tasks"][0]["id"].is_string() && answer["tasks"][0]["version"].is_i64());
}

#[test]
fn search_follows_changes() {
    let person = user();
    let path = format!("/api/tasks/{}", person.task("feed the walrus"));
    person
        .patch(&path, &json!({ "title": "feed the penguin" }))
        .expect(200);
    assert!(found(&person, "walrus").is_empty());
    assert_eq!(found(&person, "penguin"), ["feed the penguin"]);
    assert_eq!(person.delete(&path).status, 204);
    assert!(found(&person, "penguin").is_empty());
}

#[test]
fn the_limit_shortens_the_list_and_not_the_total() {
    let person = user();
    for n in 0..5 {
        person.task(&format!("walrus {n}"));
    }
    let answer = person
        .query("/api/search/tasks", &[("q", "walrus"), ("limit", "2")])
        .expect(200);
    assert_eq!(
        (answer["tasks"].as_array().map(Vec::len), &answer["total"]),
        (Some(2), &json!(5))
    );
    for limit in ["0", "101", "x"] {
        person
            .query("/api/search/tasks", &[("q", "walrus"), ("limit", limit)])
            .invalid("limit");
    }
    person.get("/api/search/tasks").invalid("q");
}

#[test]
fn what_looks_like_query_syntax_is_only_text() {
    let person = user();
    person.task("rock AND roll");
    person.task("it's 100% \"quoted\"");
    for q in [
        "\"",
        "'",
        "*",
        "AND",
        "rock AND",
        "NEAR(",
        "(",
        ")",
        "title:rock",
        "-rock",
        "^rock",
        "a\"b",
        "rock\" OR \"1\"=\"1",
        "'; DROP TABLE tasks; --",
        "{}",
        "\\",
        "%",
        "_",
        "+",
        ":",
        "🦀",
        "\u{0}",
        "é",
        &"x ".repeat(2000),
    ] {
        let answer = person.query("/api/search/tasks", &[("q", q)]);
        assert!(matches!(answer.status, 200 | 422), "{q:?}: {answer:?}");
    }
    assert_eq!(found(&person, "rock AND roll"), ["rock AND roll"]);
    assert_eq!(found(&person, "\"quoted\""), ["it's 100% \"quoted\""]);
}

#[test]
fn words_are_found_whatever_their_accents_and_scripts() {
    let person = user();
    for title in ["Café crème", "Привет мир", "naïve approach"] {
        person.task(title);
    }
    assert_eq!(found(&person, "cafe"), ["Café crème"]);
    assert_eq!(found(&person, "привет"), ["Привет мир"]);
    assert_eq!(found(&person, "NAIVE"), ["naïve approach"]);
}

#[test]
fn every_hit_is_a_whole_task() {
    let person = user();
    let task = person.create(&json!({ "title": "walrus", "tags": ["zoo"], "priority": "high" }));
    let answer = person
        .query("/api/search/tasks", &[("q", "walrus")])
        .expect(200);
    let mut hit = answer["tasks"][0].clone();
    if let Value::Object(fields) = &mut hit {
        fields.remove("snippet");
    }
    assert_eq!(hit, task);
}
