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

fn commits(window: &mut Window<()>) -> Vec<(i64, String)> {
    let commits = window.take_commits(None);
    commits
        .into_iter()
        .map(|it| (it.offset, it.progress))
        .collect()
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
}

proptest! {
    /// Any interleaving of reads, calls, crashes and rebalances: each record is finished, those of one key in
    /// their order, never two calls at once, and the committed offset is never past one that is open.
    #[test]
    fn nothing_is_lost_and_a_key_keeps_its_order(
        keys in prop::collection::vec(0..4_u8, 1..60),
        steps in prop::collection::vec((0..5_u8, 1..6_usize, any::<u16>()), 0..300),
    ) {
        let mut now = Instant::now();
        let mut window = Window::default();
        let mut stored = (0, String::new());
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
                3 => {
                    for commit in window.take_commits(None) {
                        let open = (0..keys.len() as i64).find(|offset| !done.contains(offset));
                        assert!(commit.offset <= open.unwrap_or(keys.len() as i64));
                        stored = (commit.offset, commit.progress);
                    }
                }
                // The owner is killed, or hands over without or with a commit.
                _ if chance.is_multiple_of(8) => {
                    window = Window::default();
                    window.assign(name(0), Some(stored.0), Progress::of_text(&stored.1, stored.0));
                    next = stored.0;
                    calls.clear();
                }
                _ => now += Duration::from_millis(3),
            }
            done.len()
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
        prop_assert_eq!(step(3, 1, 1, true), keys.len());
        for offsets in finished.values() {
            prop_assert!(offsets.is_sorted(), "{:?}", offsets);
        }
        prop_assert_eq!(window.take_commits(None).first().map_or(stored.0, |it| it.offset), keys.len() as i64);
    }
}
