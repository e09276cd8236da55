//! A mail server that keeps what it was sent.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A message as it came.
#[derive(Debug, Clone, Default)]
pub struct Mail {
    /// The recipients of the envelope.
    pub to: Vec<String>,
    /// Head and body.
    pub text: String,
}

/// The server. It takes everything, and listens until the process ends.
pub struct SmtpServer {
    /// Where it listens.
    pub address: SocketAddr,
    mails: Arc<Mutex<Vec<Mail>>>,
}

impl SmtpServer {
    /// Listens at a free port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let server = Self {
            address: listener.local_addr().expect("an address"),
            mails: Arc::default(),
        };
        let mails = server.mails.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mails = mails.clone();
                std::thread::spawn(move || serve(&stream, &mails));
            }
        });
        server
    }

    /// What came, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        self.mails.lock().expect("the mails").clone()
    }
}

/// One session of RFC 5321; ends when the connection does.
fn serve(stream: &TcpStream, mails: &Mutex<Vec<Mail>>) -> Option<()> {
    let mut lines = BufReader::new(stream).lines();
    let say = |text: &str| (&*stream).write_all(format!("{text}\r\n").as_bytes()).ok();
    let mut mail = Mail::default();
    say("220 test")?;
    loop {
        let line = lines.next()?.ok()?;
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "RCPT" => {
                let address = line.split(['<', '>']).nth(1).unwrap_or_default();
                mail.to.push(address.to_owned());
                say("250 taken")?;
            }
            "DATA" => {
                say("354 go on")?;
                loop {
                    let line = lines.next()?.ok()?;
                    if line == "." {
                        break;
                    }
                    mail.text.push_str(line.strip_prefix('.').unwrap_or(&line));
                    mail.text.push('\n');
                }
                mails.lock().ok()?.push(std::mem::take(&mut mail));
                say("250 taken")?;
            }
            "QUIT" => return say("221 bye"),
            _ => say("250 test")?,
        }
    }
}
