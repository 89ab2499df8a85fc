//! Breaks connections after a number of bytes.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

/// Passes connections to a server on loopback; as long as it is told to, it breaks each one.
#[derive(Debug)]
pub struct TcpProxy {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Bytes that a connection carries to the server before it breaks.
    limit: AtomicU64,
    /// How many connections broke.
    broken: AtomicUsize,
}

impl TcpProxy {
    /// In front of the server on `port`; each connection breaks once it has carried more than `limit` bytes to it.
    ///
    /// # Panics
    /// If there is no port to listen on.
    pub fn start(port: u16, limit: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of loopback");
        let own = listener.local_addr().expect("it listens").port();
        let shared = Arc::new(Shared { limit: AtomicU64::new(limit), broken: AtomicUsize::new(0) });
        let of_threads = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // A server that is gone is one that breaks off.
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                let (Ok(to), Ok(back)) = (server.try_clone(), client.try_clone()) else { continue };
                let limited = Arc::clone(&of_threads);
                thread::spawn(move || carry(client, to, Some(&limited)));
                thread::spawn(move || carry(server, back, None));
            }
        });
        Self { port: own, shared }
    }

    /// Where it listens on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on, connections break after this many more bytes; `u64::MAX` breaks none.
    pub fn set_limit(&self, limit: u64) {
        self.shared.limit.store(limit, Ordering::SeqCst);
    }

    /// How many connections were broken.
    pub fn broken(&self) -> usize {
        self.shared.broken.load(Ordering::SeqCst)
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, limited: Option<&Shared>) {
    let mut buffer = [0; 8192];
    let mut carried = 0;
    while let Ok(count) = from.read(&mut buffer) {
        carried += count as u64;
        if let Some(shared) = limited.filter(|shared| carried > shared.limit.load(Ordering::SeqCst)) {
            shared.broken.fetch_add(1, Ordering::SeqCst);
            break;
        }
        if count == 0 || to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
