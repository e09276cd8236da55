//! Full text over titles, descriptions and tags.

use super::common::{ME, OTHER, Store, at, cases, origin, tagged, titled, wait};
use proptest::collection::vec;
use proptest::prelude::*;
use storage::Storage;
use task_model::{NewTask, SearchHit, Status, TaskPatch, TaskQuery};

impl Store {
    fn find(&self, q: &str) -> (Vec<SearchHit>, u64) {
        wait(self.storage.search(ME, q, 10)).expect("an answer")
    }

    fn found(&self, q: &str) -> Vec<String> {
        self.find(q)
            .0
            .into_iter()
            .map(|hit| hit.task.title)
            .collect()
    }
}

#[test]
fn search_finds_words_beginnings_and_accents_in_all_text() {
    let store = Store::new();
    store.add(
        NewTask {
            description: Some("milk".into()),
            ..titled("shopping")
        },
        0,
    );
    store.add(titled("buy milk"), 1);
    store.add(tagged("breakfast", &["milk", "coffee"]), 2);
    store.add(titled("Crème brûlée"), 3);
    store.add(titled("don't panic, e-mail Zoë"), 4);
    assert_eq!(store.found("milk")[0], "buy milk");
    assert_eq!(store.found("milk").len(), 3);
    assert_eq!(store.found("MIL").len(), 3);
    assert_eq!(store.found("mil coffee"), [""; 0]);
    assert_eq!(store.found("coffee mil"), ["breakfast"]);
    assert_eq!(store.found("creme BRULEE"), ["Crème brûlée"]);
    assert_eq!(store.found("cre\u{300}me"), ["Crème brûlée"]);
    for q in [
        "don't", "e-mail", "zoe e-ma", "panic,", "\"panic", "(e-mail", "mail*",
    ] {
        assert_eq!(store.found(q).len(), 1, "{q}");
    }
    assert_eq!(
        wait(store.storage.search(OTHER, "milk", 10)).unwrap(),
        (vec![], 0)
    );
    let owner = ME.simple();
    for q in [owner.to_string(), format!("{owner}milk")] {
        assert_eq!(store.found(&q), [""; 0], "{q}");
    }
}

#[test]
fn words_are_compared_without_accents_and_case_in_many_scripts() {
    let store = Store::new();
    for (title, queries) in [
        ("Große Straße", &["GROSSE", "strasse", "straße"][..]),
        ("Ο Οδυσσεύς", &["ΟΔΥΣΣΕΥΣ", "οδυσσευς"]),
        ("Ёлка", &["елка", "ЁЛК"]),
        ("İstanbul", &["istanbul", "ISTANBUL"]),
        ("हिन्दी सीखो", &["हिन्दी", "हिन"]),
        ("がっこう", &["がっこう", "か\u{3099}っ"]),
        ("שָׁלוֹם", &["שלום"]),
        ("牛乳を買う", &["牛乳"]),
        ("Dvořák's N°2", &["dvorak", "DVORA\u{301}K", "2"]),
    ] {
        store.add(titled(title), 0);
        for q in queries {
            assert_eq!(store.found(q), [title], "{q}");
        }
    }
    assert_eq!(store.found("かっこう"), [""; 0], "another letter");
    assert_eq!(store.found("\u{301}"), [""; 0], "no word");
}

#[test]
fn nothing_that_is_typed_breaks_a_search() {
    let store = Store::new();
    store.add(titled("x OR y AND NOT NEAR title row"), 0);
    for q in [
        "", " ", "*", "\"", "\"\"", "''", "()", "^", "-", "!!!", "🥛", "\0", "\u{1}", "%", ";--",
    ] {
        assert_eq!(store.find(q), (vec![], 0), "{q:?}");
    }
    for q in [
        "NOT",
        "OR OR",
        "title:x",
        "NEAR(x y)",
        "{title}",
        "x\0y",
        "^x",
        "owner : x",
    ] {
        store.find(q);
    }
    assert_eq!(store.found("OR AND NOT"), ["x OR y AND NOT NEAR title row"]);
    let (many, long) = ("x ".repeat(50_000), "x".repeat(100_000));
    assert_eq!(store.find(&many).1, 1);
    assert_eq!(store.find(&long).1, 0);
}

#[test]
fn snippets_mark_the_match_and_escape_the_rest() {
    let store = Store::new();
    store.add(titled("<b>milk</b> & \"tea\""), 0);
    let text = format!(
        "{} the needle's eye {}",
        "lorem ".repeat(100),
        "ipsum ".repeat(100)
    );
    store.add(
        NewTask {
            description: Some(text),
            ..tagged("sewing", &["needle case"])
        },
        0,
    );
    store.add(tagged("tags", &["\"a\"", "two words"]), 0);
    let snippet = |q: &str| store.find(q).0.remove(0).snippet;
    assert_eq!(
        snippet("milk"),
        "&lt;b&gt;<mark>milk</mark>&lt;/b&gt; &amp; &quot;tea&quot;"
    );
    let passage = snippet("needle eye");
    assert!(
        passage.contains("the <mark>needle</mark>&#39;s <mark>eye</mark> ipsum"),
        "{passage}"
    );
    assert!(
        passage.starts_with('…') && passage.ends_with('…') && passage.len() < 300,
        "{passage}"
    );
    assert!(snippet("word").contains("two <mark>words</mark>"));
}

#[test]
fn the_best_passage_is_shown() {
    let store = Store::new();
    let far = ["x"; 40].join(" ");
    store.add(
        NewTask {
            description: Some(format!("one {far} one two {far} two {far}")),
            ..titled("one")
        },
        0,
    );
    let snippet = |q: &str| store.find(q).0.remove(0).snippet;
    assert_eq!(snippet("one"), "<mark>one</mark>");
    let passage = snippet("one tw");
    assert!(
        passage.contains("x <mark>one</mark> <mark>two</mark> x"),
        "{passage}"
    );
    store.add(titled("E-Mail, e - mail and mail"), 0);
    assert_eq!(
        snippet("e-mail"),
        "<mark>E-Mail</mark>, <mark>e - mail</mark> and mail"
    );
}

proptest! {
    #![proptest_config(cases(256))]

    /// The text of a task is what its passage shows, whatever the two consist of.
    #[test]
    fn a_passage_is_a_part_of_its_text(
        words in vec(r"\PC{1,6}", 1..60),
        between in r"[ \-,<&\u{300}\u{1f95b}]",
        typed in vec(0_usize..60, 1..4),
    ) {
        let store = Store::new();
        let title = words.join(&between);
        store.add(titled(&title), 0);
        let q: Vec<&str> = typed.iter().filter_map(|word| words.get(*word)).map(String::as_str).collect();
        for hit in store.find(&q.join(" ")).0 {
            let text = hit.snippet.replace("<mark>", "").replace("</mark>", "");
            prop_assert_ne!(&text, &hit.snippet);
            prop_assert!(!text.contains(['<', '>', '"', '\'']));
            let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"")
                .replace("&#39;", "'").replace("&amp;", "&");
            let text = text.strip_prefix('…').unwrap_or(&text);
            let text = text.strip_suffix('…').unwrap_or(text);
            prop_assert!(title.contains(text), "{title:?} shows {text:?}");
        }
    }
}

#[test]
fn a_search_counts_beyond_its_limit() {
    let store = Store::new();
    for index in 0..5 {
        store.add(titled(&format!("milk {index}")), 0);
    }
    let (hits, total) = wait(store.storage.search(ME, "milk", 2)).unwrap();
    assert_eq!((hits.len(), total), (2, 5));
}

#[test]
fn the_index_follows_every_change() {
    let store = Store::new();
    let id = store.add(tagged("first", &["one"]), 0);
    let patch = TaskPatch {
        title: Some("second".into()),
        description: Some(Some("third".into())),
        tags: Some(vec!["two".into()]),
        ..TaskPatch::default()
    };
    store.set(id, patch, 1);
    for (q, hits) in [
        ("first", 0),
        ("one", 0),
        ("second", 1),
        ("third", 1),
        ("two", 1),
    ] {
        assert_eq!(store.found(q).len(), hits, "{q}");
    }
    store.set(
        id,
        TaskPatch {
            status: Some(Status::Cancelled),
            ..TaskPatch::default()
        },
        2,
    );
    wait(store.storage.delete_task(ME, id, &origin(), at(3))).unwrap();
    assert_eq!(store.found("second"), [""; 0]);
    wait(store.storage.restore_task(ME, id, &origin(), at(4))).unwrap();
    assert_eq!(store.found("second"), ["second"]);
    let two = TaskQuery {
        tag: vec!["two".into()],
        ..TaskQuery::default()
    };
    assert_eq!(wait(store.storage.tasks(ME, &two, at(5))).unwrap().total, 1);
    store.check_index();
}
