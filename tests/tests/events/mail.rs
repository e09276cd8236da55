//! Where mail arrives: a mail provider's HTTP API on a port of its own, which keeps what it was sent, or behind Dapr
//! the server that its binding sends to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tests::{Builder, Running, SmtpServer, Stack, TestApp, User, dapr};

/// Where an application's mail arrives.
pub enum Mailbox {
    /// At a provider.
    Provider(MailServer),
    /// At the server of Dapr's binding.
    Binding(&'static SmtpServer),
}

impl Mailbox {
    /// An application whose clocks tick each second, and where its mail arrives.
    pub fn start() -> (Running, Self) {
        if Stack::here() == Stack::Dapr {
            let platform = dapr::shared();
            let mailbox = Self::Binding(&platform.mail);
            return (Running::Shared(&platform.app), mailbox);
        }
        let provider = MailServer::start();
        let builder = provider.configure(TestApp::builder());
        let app = builder.tick_each_second().start_or_share();
        (app, Self::Provider(provider))
    }

    /// What came for a person, oldest first. Whatever a provider gets has a key.
    pub fn to(&self, person: &User) -> Vec<String> {
        match self {
            Self::Provider(server) => {
                let messages = server.messages().into_iter();
                let texts = messages.map(|message| {
                    assert!(!message.key.is_empty(), "{message:?}");
                    message.body.to_string()
                });
                texts.filter(|text| text.contains(&person.email)).collect()
            }
            Self::Binding(server) => {
                let mails = server.mails().into_iter();
                let mine = mails.filter(|mail| mail.to == [person.email.as_str()]);
                // Lines are broken with `=` (RFC 2045), and a subject has `_` for a space (RFC 2047).
                mine.map(|mail| mail.text.replace("=\n", "").replace('_', " "))
                    .collect()
            }
        }
    }
}

/// A message as the provider got it.
#[derive(Debug, Clone)]
pub struct Message {
    /// The `Idempotency-Key`; a provider sends two with the same key once.
    pub key: String,
    /// The request's JSON.
    pub body: Value,
}

/// The provider. It takes everything.
pub struct MailServer {
    address: SocketAddr,
    messages: Arc<Mutex<Vec<Message>>>,
}

impl MailServer {
    /// Listens until the process ends.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let server = Self {
            address: listener.local_addr().expect("an address"),
            messages: Arc::default(),
        };
        let messages = server.messages.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let messages = messages.clone();
                std::thread::spawn(move || serve(&stream, &messages));
            }
        });
        server
    }

    /// Has the application send its mail here.
    pub fn configure(&self, builder: Builder) -> Builder {
        builder
            .variable("mail_api_url", &format!("http://{}", self.address))
            .variable("mail_api_token", "token")
            .variable("mail_from", "todo@example.com")
    }

    /// What came, oldest first.
    pub fn messages(&self) -> Vec<Message> {
        self.messages.lock().expect("the messages").clone()
    }
}

/// Answers the requests of one connection; ends when it breaks, as it does when the host is killed.
fn serve(stream: &TcpStream, messages: &Mutex<Vec<Message>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut length, mut key, mut first) = (0, String::new(), true);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end();
            if line.is_empty() && !first {
                break;
            }
            first = false;
            if let Some((name, value)) = line.split_once(':') {
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.trim().parse().ok()?,
                    "idempotency-key" => key = value.trim().to_owned(),
                    _ => {}
                }
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let body = serde_json::from_slice(&body).ok()?;
        messages.lock().ok()?.push(Message { key, body });
        let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{\"id\":\"m1\"}";
        (&*stream).write_all(answer).ok()?;
    }
}
