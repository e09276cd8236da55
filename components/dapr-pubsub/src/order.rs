//! Which events go out when: those with the same topic and key one after the other, the others at once.

use std::cell::RefCell;
use std::collections::HashMap;

use events::Event;
use futures_util::StreamExt;
use futures_util::stream;

/// Requests that are under way at the same time.
const MAX_CONCURRENT: usize = 16;

/// Why an event was not published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Nobody answers, so nobody would for the other events either.
    Unreachable(String),
    /// This event could not be taken now.
    Unavailable(String),
    /// This event will never be taken.
    Refused(String),
}

/// Publishes the events and gives their results in the events' order.
///
/// After a failed event none with its topic and key is sent; once nobody answers, no further one at all.
pub async fn publish_in_order(
    events: &[Event],
    publish: impl AsyncFn(&Event) -> Result<(), Failure>,
) -> Vec<Result<(), Failure>> {
    let mut chains: Vec<Vec<usize>> = Vec::new();
    let mut chain_of: HashMap<(&str, &str), usize> = HashMap::new();
    for (index, event) in events.iter().enumerate() {
        let chain = *chain_of
            .entry((&event.topic, &event.key))
            .or_insert_with(|| {
                chains.push(Vec::new());
                chains.len() - 1
            });
        chains[chain].push(index);
    }
    let unreachable = RefCell::new(None);
    let publish_chain = async |chain: Vec<usize>| {
        let mut results = Vec::with_capacity(chain.len());
        let mut stopped: Option<Failure> = None;
        for index in chain {
            let known = stopped.clone().or_else(|| unreachable.borrow().clone());
            let result = match known {
                Some(failure) => Err(failure),
                None => publish(&events[index]).await,
            };
            match &result {
                Ok(()) => {}
                Err(Failure::Refused(_)) => {
                    let reason = "an earlier event with its key was refused".into();
                    stopped = Some(Failure::Unavailable(reason));
                }
                Err(failure @ Failure::Unavailable(_)) => stopped = Some(failure.clone()),
                Err(failure @ Failure::Unreachable(_)) => {
                    unreachable.replace(Some(failure.clone()));
                    stopped = Some(failure.clone());
                }
            }
            results.push((index, result));
        }
        results
    };
    let mut results: Vec<_> = stream::iter(chains)
        .map(publish_chain)
        .buffer_unordered(MAX_CONCURRENT)
        .concat()
        .await;
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::poll_fn;
    use std::task::Poll;

    use proptest::prelude::*;

    use super::*;

    fn event(topic: u8, key: u8, id: usize) -> Event {
        Event {
            topic: topic.to_string(),
            key: key.to_string(),
            id: id.to_string(),
            source: "/test".into(),
            event_type: "t".into(),
            subject: None,
            time: String::new(),
            traceparent: None,
            correlation_id: None,
            data: "{}".into(),
        }
    }

    /// Lets every other future go on first.
    async fn yield_now() {
        let yielded = Cell::new(false);
        poll_fn(|context| {
            if yielded.replace(true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    #[test]
    fn other_keys_go_on_at_the_same_time_and_not_too_many() {
        let events: Vec<_> = (0..100).map(|id| event(0, id as u8, id)).collect();
        let (now, most) = (Cell::new(0), Cell::new(0));
        let results = pollster::block_on(publish_in_order(&events, async |_| {
            now.set(now.get() + 1);
            most.set(most.get().max(now.get()));
            yield_now().await;
            now.set(now.get() - 1);
            Ok(())
        }));
        assert_eq!(results, vec![Ok(()); 100]);
        assert_eq!(most.get(), MAX_CONCURRENT);
    }

    #[test]
    fn once_nobody_answers_nothing_more_is_sent() {
        let events: Vec<_> = (0..200).map(|id| event(0, id as u8, id)).collect();
        let sent = Cell::new(0);
        let gone = Failure::Unreachable("connection refused".into());
        let results = pollster::block_on(publish_in_order(&events, async |_| {
            sent.set(sent.get() + 1);
            yield_now().await;
            Err(gone.clone())
        }));
        assert_eq!(results, vec![Err(gone.clone()); 200]);
        // A request that ends lets the next one begin before the rest of its round has ended.
        assert!(sent.get() <= 2 * MAX_CONCURRENT, "{} sent", sent.get());
    }

    proptest! {
        #[test]
        fn order_holds_within_a_topic_and_key_and_stops_at_a_failure(
            shape in prop::collection::vec((0u8..2, 0u8..4, 0u8..8, 0usize..4), 0..60),
        ) {
            let events: Vec<_> = shape
                .iter()
                .enumerate()
                .map(|(id, (topic, key, ..))| event(*topic, *key, id))
                .collect();
            let sent = RefCell::new(Vec::new());
            let answer = |id: usize| match shape[id].2 {
                0 => Err(Failure::Unavailable("later".into())),
                1 => Err(Failure::Refused("never".into())),
                _ => Ok(()),
            };
            let results = pollster::block_on(publish_in_order(&events, async |event| {
                let id: usize = event.id.parse().unwrap();
                sent.borrow_mut().push(id);
                for _ in 0..shape[id].3 {
                    yield_now().await;
                }
                answer(id)
            }));
            prop_assert_eq!(results.len(), events.len());
            for topic in 0..2 {
                for key in 0..4 {
                    let chain: Vec<usize> = (0..events.len())
                        .filter(|id| (shape[*id].0, shape[*id].1) == (topic, key))
                        .collect();
                    let failed = chain.iter().position(|id| answer(*id).is_err());
                    let expected = &chain[..failed.map_or(chain.len(), |at| at + 1)];
                    let actual: Vec<usize> =
                        sent.borrow().iter().copied().filter(|id| chain.contains(id)).collect();
                    prop_assert_eq!(expected, &actual);
                    for (place, id) in chain.iter().enumerate() {
                        match failed {
                            Some(at) if place > at => {
                                prop_assert!(matches!(results[*id], Err(Failure::Unavailable(_))));
                            }
                            _ => prop_assert_eq!(&results[*id], &answer(*id)),
                        }
                    }
                }
            }
        }
    }
}
