use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn name(partition: i32) -> Name {
    ("t".to_owned(), partition)
}

/// A window of partition 0 that has read the offsets from 0 on with these keys.
fn reading(keys: &[&str]) -> Window<()> {
    let mut window = Window::default();
    window.assign(name(0), Some(0), Progress::default());
    for (offset, key) in (0..).zip(keys) {
        assert!(window.read(&name(0), offset, key, 1, ()));
    }
    window
}

fn offsets(taken: &[Taken<()>]) -> Vec<i64> {
    taken.iter().map(|it| it.ticket.offset).collect()
}

fn finish(window: &mut Window<()>, fates: Vec<(Ticket, Fate)>) {
    let planned = window.plan(fates, |fate| *fate != Fate::Done, Fate::Released);
    window.finish(planned);
}

fn texts(commits: &[Commit]) -> Vec<(i64, String)> {
    let text = |it: &Commit| (it.offset, it.progress.clone());
    commits.iter().map(text).collect()
}

/// What is to be committed, and is then.
fn commits(window: &mut Window<()>) -> Vec<(i64, String)> {
    let commits = window.take_commits(None);
    let texts = texts(&commits);
    window.committed(commits);
    texts
}

#[test]
fn a_retry_keeps_its_key_and_the_committed_offset_back_and_nothing_else() {
    let mut window = reading(&["a", "b", "a", "c"]);
    let now = Instant::now();
    let taken = window.take(now, 10);
    assert_eq!(offsets(&taken), [0, 2, 1, 3]);
    let later = now + Duration::from_secs(1);
    let fate = |offset| match offset {
        0 => Fate::Retry(later),
        _ => Fate::Done,
    };
    let fates = taken.iter().map(|it| (it.ticket, fate(it.ticket.offset)));
    finish(&mut window, fates.collect());
    assert_eq!(commits(&mut window), [(0, "done=1,3 tried=0:1".to_owned())]);
    assert!(commits(&mut window).is_empty(), "once");
    assert!(window.read(&name(0), 4, "a", 1, ()));
    assert!(window.take(now, 10).is_empty());
    assert_eq!(window.next_due(), Some(later));

    let taken = window.take(later, 10);
    assert_eq!((offsets(&taken), taken[0].attempt), (vec![0], 2), "alone");
    finish(&mut window, vec![(taken[0].ticket, Fate::Done)]);
    assert_eq!(commits(&mut window), [(2, "done=1".to_owned())]);
    let taken = window.take(later, 10);
    assert_eq!(offsets(&taken), [2, 4]);
    assert!(taken.iter().all(|it| it.attempt == 1));
}

#[test]
fn the_next_owner_goes_on_where_the_last_one_was() {
    let mut window = Window::default();
    window.assign(
        name(0),
        Some(10),
        Progress::of_text("done=1,3 tried=0:2", 10),
    );
    for offset in 10..15 {
        let new = window.read(&name(0), offset, &format!("k{offset}"), 1, ());
        assert_eq!(new, ![11, 13].contains(&offset), "{offset}");
    }
    let taken = window.take(Instant::now(), 10);
    let seen: Vec<_> = taken
        .iter()
        .map(|it| (it.ticket.offset, it.attempt))
        .collect();
    assert_eq!(seen, [(10, 3), (12, 1), (14, 1)]);
    finish(
        &mut window,
        taken.iter().map(|it| (it.ticket, Fate::Done)).collect(),
    );
    assert_eq!(commits(&mut window), [(15, String::new())]);
}

#[test]
fn what_is_revoked_counts_for_nothing() {
    let mut window = reading(&["a", "b"]);
    let taken = window.take(Instant::now(), 1);
    assert_eq!(window.drain(&[name(0)]), 1);
    assert!(
        window.take(Instant::now(), 1).is_empty(),
        "nothing new is begun"
    );
    window.revoke(&[name(0)]);
    window.assign(name(0), Some(0), Progress::default());
    assert!(window.read(&name(0), 0, "a", 1, ()));
    finish(&mut window, vec![(taken[0].ticket, Fate::Done)]);
    assert_eq!(commits(&mut window), [(0, String::new())]);
    assert_eq!(offsets(&window.take(Instant::now(), 9)), [0]);
}

#[test]
fn what_is_refused_is_committed_with_what_came_after_it() {
    let mut window = reading(&["a", "b", "c"]);
    let taken = window.take(Instant::now(), 3);
    finish(&mut window, vec![(taken[0].ticket, Fate::Done)]);
    let commits = window.take_commits(None);
    assert_eq!(texts(&commits), [(1, String::new())]);
    assert!(window.take_commits(None).is_empty(), "it is on its way");
    window.refused(&commits);
    let commits = window.take_commits(None);
    assert_eq!(texts(&commits), [(1, String::new())], "nothing came after");
    finish(&mut window, vec![(taken[2].ticket, Fate::Done)]);
    window.refused(&commits);
    let commits = window.take_commits(None);
    assert_eq!(texts(&commits), [(1, "done=1".to_owned())]);
    finish(&mut window, vec![(taken[1].ticket, Fate::Done)]);
    window.committed(commits);
    let commits = window.take_commits(None);
    assert_eq!(texts(&commits), [(3, String::new())]);
    window.committed(commits);
    assert!(window.take_commits(None).is_empty());
}

#[test]
fn a_commit_of_a_partition_that_went_says_nothing_of_the_same_one_that_came() {
    let mut window = reading(&["a"]);
    let commits = window.take_commits(None);
    assert_eq!(texts(&commits), [(0, String::new())]);
    window.revoke(&[name(0)]);
    window.assign(name(0), Some(0), Progress::default());
    assert!(window.read(&name(0), 0, "a", 1, ()));
    window.committed(commits);
    let commits = window.take_commits(None);
    assert_eq!(texts(&commits), [(0, String::new())]);
    window.assign(name(0), Some(0), Progress::default());
    window.refused(&commits);
    assert!(window.take_commits(None).is_empty(), "nothing is known yet");
}

#[test]
fn only_what_is_asked_for_is_to_be_committed() {
    let mut window = reading(&["a"]);
    window.assign(name(1), Some(5), Progress::default());
    assert!(window.read(&name(1), 5, "b", 1, ()));
    let commits = window.take_commits(Some(&[name(1)]));
    assert_eq!(commits[0].name, name(1));
    assert_eq!(texts(&commits), [(5, String::new())]);
    assert_eq!(self::commits(&mut window), [(0, String::new())]);
}

#[test]
fn a_topic_that_was_made_anew_is_read_from_its_beginning() {
    let mut window = Window::default();
    window.assign(name(0), Some(500), Progress::of_text("done=1", 500));
    for offset in 0..3 {
        assert!(window.read(&name(0), offset, "k", 1, ()));
    }
    assert_eq!(commits(&mut window), [(0, String::new())]);
    assert!(!window.read(&name(0), 1, "k", 1, ()), "it is in hand");
}

#[test]
fn a_partition_is_paused_at_its_bounds_and_read_on_at_half_of_them() {
    let mut window = Window::default();
    window.assign(name(0), Some(0), Progress::default());
    let mut offset = 0;
    let stuck = Instant::now() + Duration::from_secs(60);
    // One key is stuck; the others pass it until the window is full.
    loop {
        let key = if offset == 0 {
            "stuck".to_owned()
        } else {
            format!("{offset}")
        };
        assert!(window.read(&name(0), offset, &key, 1, ()));
        offset += 1;
        let taken = window.take(Instant::now(), 100);
        let fate = |ticket: Ticket| match ticket.offset {
            0 => Fate::Retry(stuck),
            _ => Fate::Done,
        };
        finish(
            &mut window,
            taken
                .iter()
                .map(|it| (it.ticket, fate(it.ticket)))
                .collect(),
        );
        let (pause, resume) = window.flow();
        assert!(resume.is_empty());
        if !pause.is_empty() {
            break;
        }
    }
    assert_eq!(offset, SPAN);
    assert_eq!(
        commits(&mut window),
        [(0, format!("done=1-{} tried=0:1", SPAN - 1))]
    );
    let taken = window.take(stuck, 1);
    finish(&mut window, vec![(taken[0].ticket, Fate::Done)]);
    assert_eq!(window.flow(), (vec![], vec![name(0)]));
    assert_eq!(commits(&mut window), [(SPAN, String::new())]);

    for n in 0..MAX_RECORDS as i64 {
        assert_eq!(window.flow(), (vec![], vec![]));
        assert!(window.read(&name(0), offset + n, "k", 1, ()));
    }
    assert_eq!(window.flow(), (vec![name(0)], vec![]));
    let taken = window.take(Instant::now(), MAX_RECORDS / 2);
    finish(
        &mut window,
        taken.iter().map(|it| (it.ticket, Fate::Done)).collect(),
    );
    assert_eq!(window.flow(), (vec![], vec![]), "not yet");
    let taken = window.take(Instant::now(), 1);
    finish(&mut window, vec![(taken[0].ticket, Fate::Done)]);
    assert_eq!(window.flow(), (vec![], vec![name(0)]));
    assert!(window.read(&name(0), 1 << 40, "k", MAX_BYTES, ()));
    assert_eq!(window.flow().0, [name(0)], "one record can be too much");
    assert!(window.is_paused());
    window.revoke(&[name(0)]);
    assert!(!window.is_paused(), "another member reads on");
}

/// Where offsets are committed. A commit is on its way for a while; it may be refused, or only be said to be.
#[derive(Default)]
struct Store {
    /// What the next owner is told.
    stored: (i64, String),
    on_its_way: Option<Vec<Commit>>,
}

impl Store {
    fn arrives(&mut self, window: &mut Window<()>, chance: u16) {
        let Some(commits) = self.on_its_way.take() else {
            return;
        };
        let (is_stored, is_said) = (!chance.is_multiple_of(3), !chance.is_multiple_of(5));
        if is_stored {
            for commit in &commits {
                self.stored = (commit.offset, commit.progress.clone());
            }
        }
        if is_stored && is_said {
            window.committed(commits);
        } else {
            window.refused(&commits);
        }
    }

    /// The answer comes to an owner that had lost the partition meanwhile.
    fn arrives_late(&mut self, window: &mut Window<()>, has_arrived: bool) {
        match self.on_its_way.take() {
            Some(commits) if has_arrived => window.committed(commits),
            Some(commits) => window.refused(&commits),
            None => {}
        }
    }
}

proptest! {
    /// Any interleaving of reads, calls, commits, crashes and rebalances: each record is finished, those of one
    /// key in their order, never two calls at once, the committed offset is never past one that is open, and
    /// gets to the end.
    #[test]
    fn nothing_is_lost_and_a_key_keeps_its_order(
        keys in prop::collection::vec(0..4_u8, 1..60),
        steps in prop::collection::vec((0..6_u8, 1..6_usize, any::<u16>()), 0..300),
    ) {
        const ARRIVES: u16 = 1;
        let mut now = Instant::now();
        let mut window = Window::default();
        let mut store = Store::default();
        window.assign(name(0), Some(0), Progress::default());
        let mut next = 0;
        let mut calls: Vec<Vec<Ticket>> = Vec::new();
        let mut finished: BTreeMap<u8, Vec<i64>> = BTreeMap::new();
        let mut done = BTreeSet::new();
        let mut step = |what: u8, max: usize, chance: u16, always_done: bool| {
            match what {
                0 => {
                    let end = (next + max as i64).min(keys.len() as i64);
                    for offset in next..end {
                        window.read(&name(0), offset, &keys[offset as usize].to_string(), 1, ());
                    }
                    next = next.max(end);
                }
                1 => {
                    let taken = window.take(now, max);
                    for it in &taken {
                        let flying = calls.iter().flatten().any(|t| keys[t.offset as usize] == keys[it.ticket.offset as usize]);
                        assert!(!flying, "two calls at once");
                    }
                    if !taken.is_empty() {
                        calls.push(taken.iter().map(|it| it.ticket).collect());
                    }
                }
                2 if !calls.is_empty() => {
                    let call = calls.remove(usize::from(chance) % calls.len());
                    let fates = (0_u32..).zip(call).map(|(n, ticket)| {
                        let fate = match (chance >> (n % 16)) & 1 {
                            1 if !always_done => Fate::Retry(now + Duration::from_millis(5)),
                            _ => Fate::Done,
                        };
                        (ticket, fate)
                    });
                    let planned = window.plan(fates.collect(), |f| *f != Fate::Done, Fate::Released);
                    for (ticket, fate) in &planned {
                        if *fate == Fate::Done && done.insert(ticket.offset) {
                            finished.entry(keys[ticket.offset as usize]).or_default().push(ticket.offset);
                        }
                    }
                    window.finish(planned);
                }
                3 if store.on_its_way.is_none() => {
                    let commits = window.take_commits(None);
                    for commit in &commits {
                        let open = (0..keys.len() as i64).find(|offset| !done.contains(offset));
                        assert!(commit.offset <= open.unwrap_or(keys.len() as i64));
                    }
                    store.on_its_way = (!commits.is_empty()).then_some(commits);
                }
                5 => store.arrives(&mut window, chance),
                // The owner is killed, or loses the partition and gets it again.
                4 if chance.is_multiple_of(8) => {
                    // A commit may be stored before that, and the answer come after it.
                    let has_arrived = chance.is_multiple_of(24);
                    if has_arrived && let Some(commit) = store.on_its_way.iter().flatten().next() {
                        store.stored = (commit.offset, commit.progress.clone());
                    }
                    if chance.is_multiple_of(16) {
                        window = Window::default();
                        store.on_its_way = None;
                    }
                    let (offset, progress) = &store.stored;
                    window.assign(name(0), Some(*offset), Progress::of_text(progress, *offset));
                    next = *offset;
                    calls.clear();
                    store.arrives_late(&mut window, has_arrived);
                }
                _ => now += Duration::from_millis(3),
            }
            (done.len(), store.stored.0)
        };
        for (what, max, chance) in steps {
            step(what, max, chance, false);
        }
        for _ in 0..keys.len() + 10 {
            for what in [0, 1, 2, 2, 2, 2] {
                step(what, 60, 1, true);
            }
            for _ in 0..3 {
                step(4, 1, 1, true);
            }
        }
        // One may be on its way; then the rest of it follows.
        for what in [5, 3, 5] {
            step(what, 1, ARRIVES, true);
        }
        let all = keys.len();
        prop_assert_eq!(step(4, 1, 1, true), (all, all as i64));
        for offsets in finished.values() {
            prop_assert!(offsets.is_sorted(), "{:?}", offsets);
        }
        prop_assert!(window.take_commits(None).is_empty());
    }
}
