//! Bodies that come and go piece by piece.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use tests::raw;

use crate::{GUESTS, start};

#[test]
fn answers_are_streamed() {
    let mut stream = raw::connect(GUESTS.address, 10);
    stream
        .write_all(&raw::request("GET", "/good/stream?count=5&ms=300", &[], ""))
        .expect("a request");
    let began = Instant::now();
    let mut seen = String::new();
    let mut buffer = [0; 1024];
    while !seen.contains("\r\n0\n") {
        let read = stream.read(&mut buffer).expect("the first chunk");
        assert_ne!(read, 0, "{seen}");
        seen.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    assert!(
        began.elapsed() < Duration::from_millis(1000),
        "the first chunk came after {:?}",
        began.elapsed()
    );
    let rest = raw::receive(&mut stream);
    assert!(
        rest.text.contains("4\n") && began.elapsed() >= Duration::from_millis(1200),
        "{rest:?}"
    );
}

#[test]
fn requests_are_streamed_while_they_are_answered() {
    let mut stream = raw::connect(GUESTS.address, 10);
    let head = "POST /good/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).expect("the head");
    let mut seen = String::new();
    for n in 0..5 {
        let word = format!("word{n}");
        stream
            .write_all(format!("5\r\n{word}\r\n").as_bytes())
            .expect("a chunk");
        while !seen.contains(&word) {
            let mut buffer = [0; 1024];
            let read = stream
                .read(&mut buffer)
                .expect("the chunk comes back before the next is sent");
            assert_ne!(read, 0, "{seen}");
            seen.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
    }
    stream.write_all(b"0\r\n\r\n").expect("the end");
    let rest = raw::receive(&mut stream);
    assert!(rest.text.ends_with("0\r\n\r\n"), "{rest:?}");
}

#[test]
fn bodies_up_to_the_limit_arrive_whole() {
    let app = start(&["--max-request-body", "1048576"]);
    let client = app.client();
    let body: Vec<u8> = (0..(1 << 20)).map(|n: u32| (n % 251) as u8).collect();
    let answer = client.send(client.request("POST", "/good/echo").body(body.clone()));
    assert_eq!((answer.status, answer.body == body), (200, true));
    client
        .send(
            client
                .request("POST", "/good/echo")
                .body(vec![0; (1 << 20) + 1]),
        )
        .error(413);
}

#[test]
fn keep_alive_pipelining_and_continue_work() {
    let one = "GET /good/count HTTP/1.1\r\nHost: x\r\n\r\n";
    let last = "GET /good/count HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let received = raw::exchange(GUESTS.address, format!("{one}{one}{last}").as_bytes());
    assert_eq!(received.statuses(), [200, 200, 200], "{received:?}");

    let mut stream = raw::connect(GUESTS.address, 10);
    let head = "POST /good/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).expect("the head");
    let mut buffer = [0; 1024];
    let read = stream.read(&mut buffer).expect("the go-ahead");
    assert!(
        buffer[..read].starts_with(b"HTTP/1.1 100"),
        "{:?}",
        String::from_utf8_lossy(&buffer[..read])
    );
    stream.write_all(b"hello").expect("the body");
    assert!(
        raw::receive(&mut stream)
            .text
            .ends_with("5\r\nhello\r\n0\r\n\r\n")
    );
}
