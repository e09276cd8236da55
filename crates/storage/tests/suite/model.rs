//! Random operations on the storage and on a model in memory leave the same tasks; the outbox holds
//! one row for each change.

use std::collections::BTreeMap;

use super::common::{Store, at, cases, due, origin, titled, wait};
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use sql::Columns;
use storage::Storage;
use task_model::{
    NewTask, Priority, SortField, SortOrder, Status, TagCount, Task, TaskPatch, TaskQuery,
};
use uuid::Uuid;

#[derive(Debug, Clone)]
enum Operation {
    Create {
        user: u128,
        id: u128,
        task: NewTask,
    },
    Update {
        user: u128,
        id: u128,
        patch: TaskPatch,
        expects_current: bool,
    },
    Delete {
        user: u128,
        id: u128,
    },
    Restore {
        user: u128,
        id: u128,
    },
}

#[derive(Debug, Default)]
struct Model {
    tasks: Vec<(Task, bool)>,
    changes: BTreeMap<Uuid, i64>,
}

impl Model {
    fn find(&mut self, user: u128, id: u128, deleted: bool) -> Option<&mut (Task, bool)> {
        let (user, id) = (Uuid::from_u128(user), Uuid::from_u128(id));
        self.tasks
            .iter_mut()
            .find(|(task, is)| task.id == id && task.user_id == user && *is == deleted)
    }

    fn apply(&mut self, operation: Operation, now: DateTime<Utc>) {
        let changed = match operation {
            Operation::Create { user, id, task } => {
                if self
                    .tasks
                    .iter()
                    .any(|(task, _)| task.id == Uuid::from_u128(id))
                {
                    return;
                }
                self.tasks.push((
                    Task {
                        id: Uuid::from_u128(id),
                        user_id: Uuid::from_u128(user),
                        title: task.title,
                        description: task.description,
                        status: Status::Pending,
                        priority: task.priority,
                        due_date: task.due_date,
                        reminders: task.reminders,
                        tags: task.tags,
                        recurrence_pattern: task.recurrence_pattern,
                        recurrence_from: task.recurrence_from,
                        created_at: now,
                        updated_at: now,
                        completed_at: None,
                        version: 1,
                    },
                    false,
                ));
                Uuid::from_u128(id)
            }
            Operation::Update {
                user, id, patch, ..
            } => {
                let Some((task, _)) = self.find(user, id, false) else {
                    return;
                };
                let mut new = task.clone();
                new.title = patch.title.unwrap_or(new.title);
                new.priority = patch.priority.unwrap_or(new.priority);
                new.due_date = patch.due_date.unwrap_or(new.due_date);
                new.tags = patch.tags.unwrap_or(new.tags);
                new.status = patch.status.unwrap_or(new.status);
                if (new.status == Status::Completed) != (task.status == Status::Completed) {
                    new.completed_at = (new.status == Status::Completed).then_some(now);
                }
                if new == *task {
                    return;
                }
                (new.version, new.updated_at) = (task.version + 1, now);
                *task = new;
                task.id
            }
            Operation::Delete { user, id } => {
                let Some((task, is_deleted)) = self.find(user, id, false) else {
                    return;
                };
                task.version += 1;
                *is_deleted = true;
                task.id
            }
            Operation::Restore { user, id } => {
                let Some((task, is_deleted)) = self.find(user, id, true) else {
                    return;
                };
                (task.version, task.updated_at, *is_deleted) = (task.version + 1, now, false);
                task.id
            }
        };
        *self.changes.entry(changed).or_default() += 1;
    }

    fn list(&self, user: Uuid, query: &TaskQuery, now: DateTime<Utc>) -> (Vec<Task>, u64) {
        let open = |task: &Task| matches!(task.status, Status::Pending | Status::InProgress);
        let mut tasks: Vec<(usize, &Task)> = self
            .tasks
            .iter()
            .enumerate()
            .filter(|(_, (task, is_deleted))| !is_deleted && task.user_id == user)
            .map(|(row, (task, _))| (row, task))
            .filter(|(_, task)| {
                let overdue = open(task) && task.due_date.is_some_and(|due| due < now);
                (query.status.is_empty() || query.status.contains(&task.status))
                    && (query.priority.is_empty() || query.priority.contains(&task.priority))
                    && (query.tag.is_empty() || query.tag.iter().any(|tag| task.tags.contains(tag)))
                    && query.overdue.is_none_or(|wanted| wanted == overdue)
                    && query
                        .due_before
                        .is_none_or(|end| task.due_date.is_some_and(|due| due < end))
                    && query.q.as_ref().is_none_or(|q| {
                        task.title
                            .split(' ')
                            .chain(task.tags.iter().map(String::as_str))
                            .any(|it| it.starts_with(q.as_str()))
                    })
            })
            .collect();
        tasks.sort_by(|(row, a), (other_row, b)| {
            let by_field = match query.sort {
                SortField::CreatedAt => a.created_at.cmp(&b.created_at),
                SortField::UpdatedAt => a.updated_at.cmp(&b.updated_at),
                SortField::Priority => a.priority.cmp(&b.priority),
                SortField::Title => a.title.cmp(&b.title),
                SortField::DueDate => a.due_date.cmp(&b.due_date),
            };
            let both = by_field.then(row.cmp(other_row));
            let both = if query.order == SortOrder::Descending {
                both.reverse()
            } else {
                both
            };
            if query.sort == SortField::DueDate {
                a.due_date.is_none().cmp(&b.due_date.is_none()).then(both)
            } else {
                both
            }
        });
        let total = tasks.len() as u64;
        let page = tasks
            .into_iter()
            .skip(query.offset as usize)
            .take(query.limit as usize);
        (page.map(|(_, task)| task.clone()).collect(), total)
    }
}

const TAGS: [&str; 3] = ["home", "work", "errand"];
const TITLES: [&str; 5] = ["buy milk", "call mum", "buy bread", "work out", "a"];

fn any_tags() -> impl Strategy<Value = Vec<String>> {
    proptest::sample::subsequence(TAGS.map(str::to_owned).to_vec(), 0..=3)
}

fn any_due() -> impl Strategy<Value = Option<DateTime<Utc>>> {
    proptest::option::of((-30_i64..60).prop_map(due))
}

fn any_operation() -> impl Strategy<Value = Operation> {
    let title = || proptest::sample::select(&TITLES[..]).prop_map(str::to_owned);
    let priority = || proptest::sample::select(Priority::ALL);
    let task = (title(), priority(), any_due(), any_tags()).prop_map(
        |(title, priority, due_date, tags)| NewTask {
            priority,
            due_date,
            tags,
            ..titled(&title)
        },
    );
    let status = proptest::option::weighted(0.5, proptest::sample::select(Status::ALL));
    let patch = (
        proptest::option::of(title()),
        proptest::option::of(priority()),
        proptest::option::of(any_due()),
        proptest::option::of(any_tags()),
        status,
    )
        .prop_map(|(title, priority, due_date, tags, status)| TaskPatch {
            title,
            priority,
            due_date,
            tags,
            status,
            ..TaskPatch::default()
        });
    let (user, id) = (1..=2_u128, 10..=17_u128);
    prop_oneof![
        3 => (user.clone(), id.clone(), task)
            .prop_map(|(user, id, task)| Operation::Create { user, id, task }),
        4 => (user.clone(), id.clone(), patch, any::<bool>())
            .prop_map(|(user, id, patch, expects_current)| Operation::Update { user, id, patch, expects_current }),
        1 => (user.clone(), id.clone()).prop_map(|(user, id)| Operation::Delete { user, id }),
        1 => (user, id).prop_map(|(user, id)| Operation::Restore { user, id }),
    ]
}

fn any_query() -> impl Strategy<Value = TaskQuery> {
    (
        proptest::sample::subsequence(Status::ALL.to_vec(), 0..=2),
        proptest::sample::subsequence(Priority::ALL.to_vec(), 0..=2),
        proptest::sample::subsequence(TAGS.map(str::to_owned).to_vec(), 0..=2),
        proptest::option::weighted(0.3, any::<bool>()),
        proptest::option::weighted(0.3, (-30_i64..60).prop_map(at)),
        proptest::option::weighted(
            0.2,
            proptest::sample::select(&["buy", "mi", "wor", "a", "x"][..]),
        ),
        proptest::sample::select(SortField::ALL),
        any::<bool>(),
        (1..=8_u32, 0..=4_u32),
    )
        .prop_map(
            |(status, priority, tag, overdue, due_before, q, sort, ascending, (limit, offset))| {
                TaskQuery {
                    status,
                    priority,
                    tag,
                    overdue,
                    due_before,
                    q: q.map(str::to_owned),
                    sort,
                    order: if ascending {
                        SortOrder::Ascending
                    } else {
                        SortOrder::Descending
                    },
                    limit,
                    offset,
                    ..TaskQuery::default()
                }
            },
        )
}

fn apply(store: &Store, operation: Operation, now: DateTime<Utc>) {
    let (s, origin) = (&store.storage, origin());
    let id = Uuid::from_u128;
    match operation {
        Operation::Create {
            user,
            id: task_id,
            task,
        } => {
            // Another person's id is refused; the model leaves it as it is, too.
            let _ = wait(s.create_task(
                id(user),
                NewTask {
                    id: id(task_id),
                    ..task
                },
                &origin,
                now,
            ));
        }
        Operation::Update {
            user,
            id: task,
            patch,
            expects_current,
        } => {
            let current = wait(s.task(id(user), id(task)))
                .expect("reads")
                .map(|task| task.version);
            let expected = current.filter(|_| expects_current);
            wait(s.update_task(id(user), id(task), patch, expected, &origin, now))
                .expect("updates");
        }
        Operation::Delete { user, id: task } => {
            wait(s.delete_task(id(user), id(task), &origin, now)).expect("deletes");
        }
        Operation::Restore { user, id: task } => {
            wait(s.restore_task(id(user), id(task), &origin, now)).expect("restores");
        }
    }
}

proptest! {
    #![proptest_config(cases(32))]

    #[test]
    fn storage_and_model_agree(
        operations in proptest::collection::vec(any_operation(), 1..60),
        queries in proptest::collection::vec(any_query(), 12),
    ) {
        let (store, mut model) = (Store::new(), Model::default());
        for (operation, seconds) in operations.into_iter().zip(0..) {
            apply(&store, operation.clone(), at(seconds));
            model.apply(operation, at(seconds));
        }
        let now = at(60);
        for user in [1, 2].map(Uuid::from_u128) {
            for query in &queries {
                let page = wait(store.storage.tasks(user, query, now)).expect("a page");
                prop_assert_eq!((page.tasks, page.total), model.list(user, query, now), "{:?}", query);
            }
            let all = TaskQuery { limit: 100, ..TaskQuery::default() };
            let (tasks, total) = model.list(user, &all, now);
            let mut tags: Vec<TagCount> = TAGS
                .iter()
                .map(|tag| TagCount {
                    tag: (*tag).to_owned(),
                    count: tasks.iter().filter(|task| task.tags.iter().any(|it| it == tag)).count() as u64,
                })
                .filter(|tag| tag.count > 0)
                .collect();
            tags.sort_by(|a, b| b.count.cmp(&a.count).then(a.tag.cmp(&b.tag)));
            prop_assert_eq!(wait(store.storage.tags(user)).expect("tags"), tags);
            prop_assert_eq!(wait(store.storage.stats(user, &[], now)).expect("stats").total, total);
        }
        let outbox = store.query("SELECT count(*) FROM outbox", vec![]);
        let outbox = Columns::first(outbox).expect("a row").integer().expect("a count");
        prop_assert_eq!(outbox, model.changes.values().sum::<i64>());
        for (task, changes) in &model.changes {
            let versions: Vec<i64> = store.events(*task).iter().map(|event| event.version).collect();
            prop_assert_eq!(versions, (1..=*changes).collect::<Vec<_>>());
        }
        store.check_index();
    }
}
