//! HTTP/1.1 by hand, for what no proper client sends.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// A connection whose reads give up after `seconds`.
pub fn connect(address: SocketAddr, seconds: u64) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the server takes a connection");
    let limit = Some(Duration::from_secs(seconds));
    stream.set_read_timeout(limit).expect("a read timeout");
    stream.set_write_timeout(limit).expect("a write timeout");
    stream
}

/// What a server sent on a connection until it closed it, or until it was silent too long.
#[derive(Debug)]
pub struct Received {
    /// The bytes, as text.
    pub text: String,
    /// Whether the server closed the connection.
    pub closed: bool,
}

impl Received {
    /// The statuses of the answers in it, in order.
    pub fn statuses(&self) -> Vec<u16> {
        self.text
            .match_indices("HTTP/1.1 ")
            .filter_map(|(at, start)| {
                let code = self.text.get(at + start.len()..at + start.len() + 3)?;
                code.parse().ok()
            })
            .collect()
    }

    /// The status of the first answer, if there was any.
    pub fn status(&self) -> Option<u16> {
        self.statuses().first().copied()
    }

    /// What follows the first answer's headers.
    pub fn body(&self) -> &str {
        self.text
            .split_once("\r\n\r\n")
            .map_or("", |(_, body)| body)
    }
}

/// Sends `request` and reads what comes back for up to 10 s of silence. A server that answers and
/// closes before it has read all is fine.
pub fn exchange(address: SocketAddr, request: &[u8]) -> Received {
    exchange_within(address, request, 10)
}

/// [`exchange`] with another limit to the silence.
pub fn exchange_within(address: SocketAddr, request: &[u8], seconds: u64) -> Received {
    let mut stream = connect(address, seconds);
    // The server may close early; what it said is then still there to read.
    let _ = stream.write_all(request);
    receive(&mut stream)
}

/// Reads until the end or the silence.
pub fn receive(stream: &mut TcpStream) -> Received {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 16 * 1024]);
    let closed = loop {
        match stream.read(&mut buffer) {
            Ok(0) => break true,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break true,
            Err(_) => break false,
        }
    };
    let _ = stream.shutdown(Shutdown::Both);
    Received {
        text: String::from_utf8_lossy(&bytes).into_owned(),
        closed,
    }
}

/// A request with these headers and `Connection: close`.
pub fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text =
        format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}
