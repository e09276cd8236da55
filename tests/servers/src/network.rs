//! A network between a server and its clients that can be cut.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Passes connections on to a server. While it is cut, nothing arrives on either side and nothing is closed, as
/// where packets are lost.
#[derive(Debug)]
pub struct Network {
    /// Where clients connect.
    pub address: SocketAddr,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    is_cut: Mutex<bool>,
    changed: Condvar,
}

impl State {
    /// Waits while the network is cut.
    fn pass(&self) {
        let is_cut = self.is_cut.lock().unwrap_or_else(PoisonError::into_inner);
        let whole = self.changed.wait_while(is_cut, |is_cut| *is_cut);
        drop(whole.unwrap_or_else(PoisonError::into_inner));
    }
}

impl Network {
    /// A network to the server at `server`; it is there until the process ends.
    pub fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::<State>::default();
        let passing = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = Arc::clone(&passing);
                std::thread::spawn(move || connect(client, server, &state));
            }
        });
        Self { address, state }
    }

    /// Loses everything from now on.
    pub fn cut(&self) {
        self.set(true);
    }

    /// Loses nothing any more; what was sent meanwhile arrives.
    pub fn mend(&self) {
        self.set(false);
    }

    fn set(&self, is_cut: bool) {
        let mut state = self
            .state
            .is_cut
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *state = is_cut;
        self.state.changed.notify_all();
    }
}

fn connect(client: TcpStream, server: SocketAddr, state: &Arc<State>) {
    state.pass();
    // A server that is down refuses: so does this, by closing.
    let Ok(server) = TcpStream::connect(server) else {
        return;
    };
    for stream in [&client, &server] {
        let _ = stream.set_nodelay(true);
    }
    let (Ok(from), Ok(to)) = (client.try_clone(), server.try_clone()) else {
        return;
    };
    let passing = Arc::clone(state);
    std::thread::spawn(move || copy(from, to, &passing));
    copy(server, client, state);
}

/// Copies one direction until either side ends, and then ends the other.
fn copy(mut from: TcpStream, mut to: TcpStream, state: &State) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        state.pass();
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    state.pass();
    let _ = to.shutdown(Shutdown::Write);
    let _ = from.shutdown(Shutdown::Read);
}
