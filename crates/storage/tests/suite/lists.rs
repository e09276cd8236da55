//! Pages, tags and numbers.

use super::common::{ME, OTHER, Store, at, due, tagged, titled, wait};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use storage::Storage;
use task_model::{NewTask, Page, Priority, SortField, SortOrder, Status, TaskPatch, TaskQuery};

impl Store {
    fn page(&self, query: TaskQuery) -> Page {
        wait(self.storage.tasks(ME, &query, at(100))).expect("a page")
    }

    fn titles(&self, query: TaskQuery) -> Vec<String> {
        let page = self.page(query);
        assert_eq!(page.total, page.tasks.len() as u64);
        page.tasks.into_iter().map(|task| task.title).collect()
    }
}

fn sorted(sort: SortField, order: SortOrder) -> TaskQuery {
    TaskQuery {
        sort,
        order,
        ..TaskQuery::default()
    }
}

#[test]
fn each_sort_goes_both_ways_and_tasks_without_a_due_date_come_last() {
    use SortField::{CreatedAt, DueDate, Title, UpdatedAt};
    use SortOrder::{Ascending, Descending};
    let store = Store::new();
    let b = store.add(
        NewTask {
            due_date: Some(due(20)),
            priority: Priority::Low,
            ..titled("b")
        },
        0,
    );
    store.add(
        NewTask {
            priority: Priority::Urgent,
            ..titled("Äa")
        },
        1,
    );
    store.add(
        NewTask {
            due_date: Some(due(10)),
            priority: Priority::High,
            ..titled("ä")
        },
        2,
    );
    store.add(titled("C"), 2);
    store.set(
        b,
        TaskPatch {
            tags: Some(vec!["x".into()]),
            ..TaskPatch::default()
        },
        3,
    );
    for (sort, order, titles) in [
        (CreatedAt, Ascending, ["b", "Äa", "ä", "C"]),
        (CreatedAt, Descending, ["C", "ä", "Äa", "b"]),
        (DueDate, Ascending, ["ä", "b", "Äa", "C"]),
        (DueDate, Descending, ["b", "ä", "C", "Äa"]),
        (SortField::Priority, Ascending, ["b", "C", "ä", "Äa"]),
        (SortField::Priority, Descending, ["Äa", "ä", "C", "b"]),
        (Title, Ascending, ["b", "C", "ä", "Äa"]),
        (Title, Descending, ["Äa", "ä", "C", "b"]),
        (UpdatedAt, Ascending, ["Äa", "ä", "C", "b"]),
        (UpdatedAt, Descending, ["b", "C", "ä", "Äa"]),
    ] {
        assert_eq!(
            store.titles(sorted(sort, order)),
            titles,
            "{sort:?} {order:?}"
        );
    }
}

#[test]
fn filters_combine() {
    let store = Store::new();
    let all = TaskQuery::default;
    store.add(
        NewTask {
            due_date: Some(due(10)),
            ..tagged("milk", &["home", "shop"])
        },
        0,
    );
    let rent = store.add(
        NewTask {
            due_date: Some(due(99)),
            priority: Priority::High,
            ..tagged("rent", &["home"])
        },
        1,
    );
    store.add(
        NewTask {
            due_date: Some(due(101)),
            ..tagged("report", &["work"])
        },
        2,
    );
    store.add(titled("someday"), 3);
    store.set(
        rent,
        TaskPatch {
            status: Some(Status::Completed),
            ..TaskPatch::default()
        },
        50,
    );

    let titles = |query| store.titles(query);
    let status = |status: &[Status]| TaskQuery {
        status: status.to_vec(),
        ..all()
    };
    assert_eq!(titles(status(&[Status::Completed])), ["rent"]);
    assert_eq!(
        titles(status(&[Status::Completed, Status::Pending])).len(),
        4
    );
    assert_eq!(titles(status(&[Status::Cancelled])), [""; 0]);
    assert_eq!(
        titles(TaskQuery {
            priority: vec![Priority::High],
            ..all()
        }),
        ["rent"]
    );
    let tag = |tags: &[&str]| TaskQuery {
        tag: tags.iter().map(|t| (*t).into()).collect(),
        ..all()
    };
    assert_eq!(titles(tag(&["home"])), ["rent", "milk"]);
    assert_eq!(titles(tag(&["shop", "work"])), ["report", "milk"]);
    assert_eq!(titles(tag(&["%"])), [""; 0]);
    assert_eq!(titles(tag(&["' OR 1=1 --"])), [""; 0]);
    let both = TaskQuery {
        status: vec![Status::Pending],
        ..tag(&["home"])
    };
    assert_eq!(titles(both), ["milk"]);
    assert_eq!(
        titles(TaskQuery {
            due_before: Some(due(99)),
            ..all()
        }),
        ["milk"]
    );
    assert_eq!(
        titles(TaskQuery {
            due_before: Some(at(99)),
            ..all()
        }),
        ["rent", "milk"]
    );
    assert_eq!(
        titles(TaskQuery {
            due_after: Some(due(99)),
            ..all()
        }),
        ["report", "rent"]
    );
    let changed = |after| TaskQuery {
        updated_after: Some(after),
        ..all()
    };
    assert_eq!(titles(changed(at(0))).len(), 4);
    assert_eq!(titles(changed(at(50))), ["rent"]);
    let later = at(50) + TimeDelta::microseconds(1);
    assert_eq!(titles(changed(later)), [""; 0]);
    assert_eq!(
        titles(TaskQuery {
            overdue: Some(true),
            ..all()
        }),
        ["milk"]
    );
    assert_eq!(
        titles(TaskQuery {
            overdue: Some(false),
            ..all()
        }),
        ["someday", "report", "rent"]
    );
    assert_eq!(
        titles(TaskQuery {
            has_due_date: Some(false),
            ..all()
        }),
        ["someday"]
    );
    assert_eq!(
        titles(TaskQuery {
            has_due_date: Some(true),
            ..all()
        })
        .len(),
        3
    );
    assert_eq!(
        titles(TaskQuery {
            completed_after: Some(at(50)),
            ..all()
        }),
        ["rent"]
    );
    assert_eq!(
        titles(TaskQuery {
            completed_before: Some(at(50)),
            ..all()
        }),
        [""; 0]
    );
    let exact = at(50) + TimeDelta::nanoseconds(1);
    assert_eq!(
        titles(TaskQuery {
            completed_before: Some(exact),
            ..all()
        }),
        ["rent"]
    );
    assert_eq!(
        titles(TaskQuery {
            completed_after: Some(exact),
            ..all()
        }),
        [""; 0]
    );
    assert_eq!(
        titles(TaskQuery {
            q: Some("re".into()),
            ..all()
        }),
        ["report", "rent"]
    );
    assert_eq!(
        titles(TaskQuery {
            q: Some("!?".into()),
            ..all()
        }),
        [""; 0]
    );
}

#[test]
fn pages_follow_each_other_and_know_the_total() {
    let store = Store::new();
    for index in 0..7 {
        store.add(titled(&format!("{index}")), 0);
    }
    let page = |limit, offset| {
        let page = store.page(TaskQuery {
            limit,
            offset,
            ..TaskQuery::default()
        });
        let titles: Vec<_> = page.tasks.into_iter().map(|task| task.title).collect();
        (titles.concat(), page.total)
    };
    assert_eq!(page(3, 0), ("654".into(), 7));
    assert_eq!(page(3, 3), ("321".into(), 7));
    assert_eq!(page(3, 6), ("0".into(), 7));
    assert_eq!(page(3, 7), (String::new(), 7));
    assert_eq!(page(7, 0), ("6543210".into(), 7));
    assert_eq!(page(100, u32::MAX), (String::new(), 7));
}

#[test]
fn tags_are_counted_most_used_first() {
    let store = Store::new();
    let id = store.add(tagged("a", &["home", "b"]), 0);
    store.add(tagged("b", &["home", "a"]), 0);
    let tags = || {
        let tags = wait(store.storage.tags(ME)).unwrap();
        tags.into_iter()
            .map(|tag| (tag.tag, tag.count))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        tags(),
        [("home".into(), 2), ("a".into(), 1), ("b".into(), 1)]
    );
    store.set(
        id,
        TaskPatch {
            tags: Some(vec!["a".into()]),
            ..TaskPatch::default()
        },
        1,
    );
    assert_eq!(tags(), [("a".into(), 2), ("home".into(), 1)]);
    assert_eq!(wait(store.storage.tags(OTHER)).unwrap(), []);
}

#[test]
fn stats_count_what_is_open_and_what_was_done_on_which_day() {
    let store = Store::new();
    let midnight = |day| {
        let date = NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
        let start: DateTime<Utc> = date.and_hms_opt(5, 0, 0).unwrap().and_utc();
        (date, start, start + TimeDelta::days(1))
    };
    let days = [midnight(28), midnight(1), midnight(2)];
    store.add(
        NewTask {
            due_date: Some(due(50)),
            priority: Priority::High,
            ..titled("late")
        },
        0,
    );
    store.add(
        NewTask {
            due_date: Some(due(200)),
            ..titled("today")
        },
        0,
    );
    store.add(
        NewTask {
            due_date: Some(due(200_000)),
            ..titled("later")
        },
        0,
    );
    let done = |seconds| {
        let id = store.add(
            NewTask {
                due_date: Some(due(50)),
                ..titled("done")
            },
            0,
        );
        store.set(
            id,
            TaskPatch {
                status: Some(Status::Completed),
                ..TaskPatch::default()
            },
            seconds,
        );
    };
    done(10);
    done(20);
    done(-86_400);
    let stats = wait(store.storage.stats(ME, &days, at(100))).unwrap();
    assert_eq!(stats.total, 6);
    assert_eq!(
        stats.by_status,
        [(Status::Pending, 3), (Status::Completed, 3)]
    );
    assert_eq!(
        stats.by_priority,
        [(Priority::Medium, 2), (Priority::High, 1)]
    );
    assert_eq!((stats.overdue, stats.due_today), (1, 2));
    assert_eq!(stats.completed_per_day, [(days[1].0, 1), (days[2].0, 2)]);
}
