//! What every kind of store does, and what Redis does when it is down.

use std::sync::Arc;
use std::time::Instant;

use servers::Redis;

use super::super::KeyValueFile;
use super::super::redis::RedisUrl;
use super::*;

fn in_file(file: &Arc<KeyValueFile>, label: &str) -> Store {
    Store::File(FileStore::new(file.clone(), label))
}

fn in_redis(url: String) -> Store {
    Store::Redis(RedisStore::new(&RedisUrl::new(url).unwrap()).unwrap())
}

fn at(redis: &Redis) -> Store {
    in_redis(format!("redis://{}", redis.address()))
}

/// Runs `test` on an empty store of each kind.
async fn on_each_kind(test: impl AsyncFn(&Store)) {
    let folder = tempfile::tempdir().unwrap();
    let file = Arc::new(KeyValueFile::new(Some(folder.path().join("kv.db"))));
    test(&in_file(&file, "a")).await;
    let redis = Redis::start();
    test(&at(&redis)).await;
}

async fn all_keys(store: &Store) -> Vec<String> {
    let (mut keys, ended) = store.keys();
    let mut all = Vec::new();
    while let Some(page) = keys.0.recv().await {
        all.extend(page);
    }
    ended.await.unwrap().unwrap();
    all.sort();
    all
}

#[tokio::test]
async fn a_value_is_what_was_set_last() {
    on_each_kind(async |store| {
        let key = || "k ü\0".to_owned();
        assert_eq!(store.get(key()).await.unwrap(), None);
        assert!(!store.exists(key()).await.unwrap());
        store.set(key(), b"1".to_vec()).await.unwrap();
        store.set(key(), b"\0\xff".to_vec()).await.unwrap();
        assert_eq!(store.get(key()).await.unwrap().unwrap(), b"\0\xff");
        assert!(store.exists(key()).await.unwrap());
        store.delete(key()).await.unwrap();
        store.delete(key()).await.unwrap();
        assert_eq!(store.get(key()).await.unwrap(), None);
        store.set(String::new(), Vec::new()).await.unwrap();
        assert_eq!(store.get(String::new()).await.unwrap(), Some(Vec::new()));
        let large = vec![7; 3 << 20];
        store.set(key(), large.clone()).await.unwrap();
        assert_eq!(store.get(key()).await.unwrap(), Some(large));
    })
    .await;
}

#[tokio::test]
async fn keys_come_page_by_page_and_complete() {
    on_each_kind(async |store| {
        assert!(all_keys(store).await.is_empty());
        let expected: Vec<String> = (0..600).map(|n| format!("{n:05}")).collect();
        for key in &expected {
            store.set(key.clone(), Vec::new()).await.unwrap();
        }
        assert_eq!(all_keys(store).await, expected);
    })
    .await;
}

#[tokio::test]
async fn stores_in_one_file_are_apart() {
    let folder = tempfile::tempdir().unwrap();
    let file = Arc::new(KeyValueFile::new(Some(folder.path().join("kv.db"))));
    in_file(&file, "a")
        .set("k".into(), b"1".to_vec())
        .await
        .unwrap();
    assert!(!in_file(&file, "b").exists("k".into()).await.unwrap());
}

#[tokio::test]
async fn redis_holds_the_keys_of_spin() {
    let redis = Redis::start();
    let store = at(&redis);
    store.set("a/b".into(), b"value".to_vec()).await.unwrap();
    assert_eq!(redis.cli(&["GET", "a/b"]), "value\n");
    redis.cli(&["SET", "c", "from elsewhere"]);
    let value = store.get("c".into()).await.unwrap();
    assert_eq!(value.unwrap(), b"from elsewhere");
    redis.cli(&["HSET", "hash", "field", "1"]);
    let error = store.get("hash".into()).await.unwrap_err().to_string();
    assert!(error.contains("wrong kind of value"), "{error}");
}

#[tokio::test]
async fn redis_may_go_and_come_back() {
    let mut redis = Redis::start();
    let store = at(&redis);
    store.set("k".into(), b"kept".to_vec()).await.unwrap();

    // Down: told at once, each time.
    redis.kill();
    for _ in 0..3 {
        let begun = Instant::now();
        store.get("k".into()).await.unwrap_err();
        let (_, ended) = store.keys();
        ended.await.unwrap().unwrap_err();
        assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
    }
    // Back: the first request finds it.
    redis.restart();
    assert_eq!(store.get("k".into()).await.unwrap().unwrap(), b"kept");

    // Killed and started between two requests: no request notices.
    redis.restart();
    store.set("k".into(), b"again".to_vec()).await.unwrap();
    assert_eq!(store.get("k".into()).await.unwrap().unwrap(), b"again");

    // Frozen: told within the limit; and then it goes on.
    redis.signal("STOP");
    let begun = Instant::now();
    let error = store.get("k".into()).await.unwrap_err().to_string();
    assert!(error.contains("no answer within 5 s"), "{error}");
    assert!(begun.elapsed().as_secs() < 15, "{:?}", begun.elapsed());
    redis.signal("CONT");
    assert_eq!(store.get("k".into()).await.unwrap().unwrap(), b"again");
}

#[tokio::test]
async fn redis_that_cannot_be_reached_is_named_without_the_password() {
    let nobody = servers::free_port();
    let store = in_redis(format!("redis://:hidden@{nobody}"));
    let error = store.get("k".into()).await.unwrap_err().to_string();
    assert!(error.contains("refused"), "{error}");
    assert!(!error.contains("hidden"), "{error}");
}
