//! `GET /api/tasks` in all its parameters, tags and statistics.

use serde_json::json;

use crate::{text, user};

/// A person with five tasks that differ in everything a list can ask for.
fn person_with_tasks() -> tests::User {
    let person = user();
    for (title, priority, due, tags) in [
        (
            "apples",
            "low",
            Some("2020-01-01T09:00:00Z"),
            json!(["food", "shop"]),
        ),
        (
            "Bananas",
            "high",
            Some("2035-01-01T09:00:00Z"),
            json!(["food"]),
        ),
        (
            "cherries",
            "urgent",
            Some("2035-06-01T09:00:00Z"),
            json!(["garden"]),
        ),
        ("dates", "medium", None, json!([])),
        (
            "elderberries",
            "high",
            Some("2020-02-01T09:00:00Z"),
            json!(["garden", "shop"]),
        ),
    ] {
        person.create(
            &json!({ "title": title, "priority": priority, "due_date": due, "tags": tags }),
        );
    }
    person
}

fn sorted(mut titles: Vec<String>) -> Vec<String> {
    titles.sort();
    titles
}

#[test]
fn a_list_is_newest_first_with_its_total() {
    let person = person_with_tasks();
    let page = person.get("/api/tasks").expect(200);
    assert_eq!(
        (&page["total"], &page["limit"], &page["offset"]),
        (&json!(5), &json!(20), &json!(0))
    );
    assert_eq!(
        person.titles(&[]),
        ["elderberries", "dates", "cherries", "Bananas", "apples"]
    );
    let id = text(&page["tasks"][0], "id");
    assert_eq!(
        page["tasks"][0],
        person.get(&format!("/api/tasks/{id}")).expect(200)
    );
}

#[test]
fn lists_are_filtered_by_status_priority_and_tag() {
    let person = person_with_tasks();
    let tasks = person.get("/api/tasks").expect(200);
    let id = |title: &str| {
        let tasks = tasks["tasks"].as_array().expect("tasks");
        let task = tasks
            .iter()
            .find(|task| task["title"] == title)
            .expect("the task");
        text(task, "id")
    };
    person
        .post_empty(&format!("/api/tasks/{}/complete", id("apples")))
        .expect(200);
    person
        .patch(
            &format!("/api/tasks/{}", id("dates")),
            &json!({ "status": "in_progress" }),
        )
        .expect(200);
    person
        .patch(
            &format!("/api/tasks/{}", id("cherries")),
            &json!({ "status": "cancelled" }),
        )
        .expect(200);

    let list = |query: &[(&str, &str)]| sorted(person.titles(query));
    assert_eq!(list(&[("status", "completed")]), ["apples"]);
    assert_eq!(
        list(&[("status", "completed"), ("status", "in_progress")]),
        ["apples", "dates"]
    );
    assert_eq!(list(&[("status", "pending")]), ["Bananas", "elderberries"]);
    assert_eq!(list(&[("priority", "high")]), ["Bananas", "elderberries"]);
    assert_eq!(
        list(&[("priority", "low"), ("priority", "urgent")]),
        ["apples", "cherries"]
    );
    assert_eq!(list(&[("tag", "garden")]), ["cherries", "elderberries"]);
    assert_eq!(
        list(&[("tag", "GARDEN"), ("tag", "food")]),
        ["Bananas", "apples", "cherries", "elderberries"]
    );
    assert_eq!(
        list(&[("tag", "garden"), ("priority", "high")]),
        ["elderberries"]
    );
    assert!(list(&[("tag", "nothing")]).is_empty());
}

#[test]
fn lists_are_filtered_by_due_date() {
    let person = person_with_tasks();
    let list = |query: &[(&str, &str)]| sorted(person.titles(query));
    assert_eq!(list(&[("due_before", "2020-02-01T09:00:00Z")]), ["apples"]);
    assert_eq!(list(&[("due_after", "2035-06-01T09:00:00Z")]), ["cherries"]);
    assert_eq!(
        list(&[
            ("due_after", "2035-01-01T10:00:00+01:00"),
            ("due_before", "2035-06-01T09:00:00Z")
        ]),
        ["Bananas"]
    );
    assert_eq!(list(&[("overdue", "true")]), ["apples", "elderberries"]);
    assert_eq!(
        list(&[("overdue", "false")]),
        ["Bananas", "cherries", "dates"]
    );

    let done = person.query("/api/tasks", &[("q", "apples")]).expect(200);
    let id = text(&done["tasks"][0], "id");
    person
        .post_empty(&format!("/api/tasks/{id}/complete"))
        .expect(200);
    assert_eq!(
        list(&[("overdue", "true")]),
        ["elderberries"],
        "what is done is not overdue"
    );
}

#[test]
fn lists_are_filtered_by_text() {
    let person = person_with_tasks();
    person.create(&json!({ "title": "fruit salad", "description": "with apples and cherries" }));
    assert_eq!(
        sorted(person.titles(&[("q", "apples")])),
        ["apples", "fruit salad"]
    );
    assert_eq!(
        person.titles(&[("q", "apples"), ("tag", "food")]),
        ["apples"]
    );
    assert!(person.titles(&[("q", "xylophone")]).is_empty());
}

#[test]
fn lists_are_sorted_either_way() {
    let person = person_with_tasks();
    let list = |sort: &str| person.titles(&[("sort", sort)]);
    let ascending = ["apples", "Bananas", "cherries", "dates", "elderberries"];
    let mut descending = ascending;
    descending.reverse();
    assert_eq!(list("created_at"), ascending);
    assert_eq!(list("-created_at"), descending);
    assert_eq!(list("title"), ascending, "without regard to case");
    assert_eq!(list("-title"), descending);
    assert_eq!(
        list("due_date"),
        ["apples", "elderberries", "Bananas", "cherries", "dates"],
        "no date: last"
    );
    assert_eq!(
        list("-due_date"),
        ["cherries", "Bananas", "elderberries", "apples", "dates"],
        "no date: last"
    );
    let by_priority = list("priority");
    assert_eq!(
        (
            by_priority[0].as_str(),
            by_priority[1].as_str(),
            by_priority[4].as_str()
        ),
        ("apples", "dates", "cherries")
    );
    assert_eq!(list("-priority")[0], "cherries");

    let id = text(
        &person.query("/api/tasks", &[("q", "cherries")]).expect(200)["tasks"][0],
        "id",
    );
    person
        .patch(
            &format!("/api/tasks/{id}"),
            &json!({ "description": "ripe" }),
        )
        .expect(200);
    assert_eq!(list("-updated_at")[0], "cherries");
    assert_eq!(list("updated_at")[4], "cherries");
}

#[test]
fn pages_follow_each_other_without_gap_or_repeat() {
    let person = user();
    for n in 0..25 {
        person.task(&format!("task {n:02}"));
    }
    assert_eq!(person.titles(&[]).len(), 20, "20 by default");
    for sort in ["title", "-created_at", "priority", "due_date"] {
        let mut seen = Vec::new();
        for offset in ["0", "10", "20", "30"] {
            let query = [("sort", sort), ("limit", "10"), ("offset", offset)];
            let page = person.query("/api/tasks", &query).expect(200);
            assert_eq!(page["total"], 25);
            assert_eq!(page["offset"], offset.parse::<u64>().expect("a number"));
            seen.extend(person.titles(&query));
        }
        assert_eq!(seen.len(), 25, "{sort}");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 25, "{sort}");
    }
    assert_eq!(person.titles(&[("limit", "100")]).len(), 25);
}

#[test]
fn a_wrong_list_parameter_is_named() {
    let person = user();
    for (parameter, value) in [
        ("status", "asleep"),
        ("priority", "sky-high"),
        ("due_before", "tomorrow"),
        ("due_after", "2030-13-01T00:00:00Z"),
        ("updated_after", "2030-13-01T00:00:00Z"),
        ("overdue", "perhaps"),
        ("sort", "colour"),
        ("sort", "--title"),
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "-1"),
        ("limit", "many"),
        ("offset", "-1"),
        ("offset", "99999999999999999999"),
    ] {
        person
            .query("/api/tasks", &[(parameter, value)])
            .invalid(parameter);
    }
}

#[test]
fn tags_are_counted() {
    let person = person_with_tasks();
    let tags = person.get("/api/tags").expect(200);
    let list = tags["tags"].as_array().expect("a list of tags");
    let counts: Vec<(String, u64)> = list
        .iter()
        .map(|entry| {
            (
                text(entry, "tag"),
                entry["count"].as_u64().expect("a count"),
            )
        })
        .collect();
    let count = |tag: &str| {
        counts
            .iter()
            .find(|(name, _)| name == tag)
            .map(|(_, count)| *count)
    };
    assert_eq!(
        (count("food"), count("garden"), count("shop")),
        (Some(2), Some(2), Some(2))
    );
    assert_eq!(counts.len(), 3);
    assert_eq!(user().get("/api/tags").expect(200)["tags"], json!([]));
}

#[test]
fn the_numbers_add_up() {
    let person = person_with_tasks();
    let done = person.task("figs");
    person
        .post_empty(&format!("/api/tasks/{done}/complete"))
        .expect(200);
    let stats = person.get("/api/stats").expect(200);
    assert_eq!(stats["total"], 6, "{stats}");
    assert_eq!(stats["by_status"]["pending"], 5, "{stats}");
    assert_eq!(stats["by_status"]["completed"], 1, "{stats}");
    assert_eq!(stats["by_priority"]["high"], 2, "{stats}");
    assert_eq!(stats["by_priority"]["urgent"], 1, "{stats}");
    assert_eq!(stats["overdue"], 2, "{stats}");
    assert_eq!(stats["due_today"], 0, "{stats}");
    let today = chrono::Utc::now().date_naive().to_string();
    assert_eq!(
        stats["completed_per_day"],
        json!([{ "date": today, "count": 1 }])
    );

    let now = chrono::Utc::now();
    person.create(&json!({ "title": "today", "due_date": now.to_rfc3339() }));
    assert_eq!(person.get("/api/stats").expect(200)["due_today"], 1);
}
