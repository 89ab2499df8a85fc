//! HTTP/1.1 over loopback, one thread a connection. It answers exactly what a route says, broken or not.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::api::route;
use super::tls::{Certificate, Identity};

/// A request as the server saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// `GET`, `POST`, ...
    pub method: String,
    /// The path and its query as they came.
    pub target: String,
    /// The path without its query, decoded.
    pub path: String,
    /// Parameters in order, decoded.
    pub query: Vec<(String, String)>,
    /// Headers by name in small letters.
    pub headers: HashMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
    /// How many requests for this path came before.
    pub before: usize,
    /// The address of the server.
    pub base: String,
}

impl Seen {
    /// The value of a query parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that is a number, or what it is when it is not given.
    pub fn number(&self, name: &str, default: usize) -> usize {
        self.param(name).and_then(|text| text.parse().ok()).unwrap_or(default)
    }

    /// The body as JSON, null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// What a route answers.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status code of the answer.
    pub status: u16,
    /// Headers besides length and connection.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How many bytes of the body are sent before the connection is cut, if it is.
    pub cut: Option<usize>,
    /// How long the server thinks.
    pub delay: Duration,
    /// Into how many pieces the body is cut, and how long the server waits before each of them.
    pub pieces: (usize, Duration),
}

impl Answer {
    /// JSON with status 200.
    pub fn json(value: &Value) -> Self {
        Self::text("application/json", value.to_string())
    }

    /// A text of some type with status 200.
    pub fn text(kind: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            headers: vec![("content-type".to_owned(), kind.to_owned())],
            body: body.into(),
            cut: None,
            delay: Duration::ZERO,
            pieces: (1, Duration::ZERO),
        }
    }

    /// The same with another status.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// What is answered.
type Route = dyn Fn(&Seen) -> Answer + Send + Sync;

#[derive(Debug, Default)]
struct Log {
    seen: Vec<Seen>,
    counts: HashMap<String, usize>,
}

/// A running server; it stops with this value.
#[derive(Debug)]
pub struct RestServer {
    address: SocketAddr,
    base: String,
    identity: Option<Identity>,
    log: Arc<Mutex<Log>>,
    stopped: Arc<AtomicBool>,
}

impl RestServer {
    /// Serves on a free port of the loopback address.
    pub fn start() -> Self {
        Self::serving(None, Arc::new(route))
    }

    /// The same, where all answers are those of `route`.
    pub fn answering(route: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        Self::serving(None, Arc::new(route))
    }

    /// The same over TLS with such a certificate for `localhost`.
    pub fn start_tls(certificate: Certificate) -> Self {
        Self::serving(Some(Identity::new(certificate)), Arc::new(route))
    }

    fn serving(identity: Option<Identity>, route: Arc<Route>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
        let address = listener.local_addr().expect("a bound port has an address");
        let base = match &identity {
            None => format!("http://{address}"),
            Some(_) => format!("https://localhost:{}", address.port()),
        };
        let tls = identity.as_ref().map(Identity::server_config);
        let server = Self { address, base, identity, log: Arc::default(), stopped: Arc::default() };
        let (log, stopped) = (Arc::clone(&server.log), Arc::clone(&server.stopped));
        let base = server.url();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stopped.load(Ordering::Acquire) {
                    return;
                }
                let (log, base, tls) = (Arc::clone(&log), base.clone(), tls.clone());
                let route = Arc::clone(&route);
                thread::spawn(move || drop(welcome(stream, tls, &log, &base, &*route)));
            }
        });
        server
    }

    /// `http://127.0.0.1:<port>`, or `https://localhost:<port>`.
    pub fn url(&self) -> String {
        self.base.clone()
    }

    /// The authority behind the certificate in PEM, for clients that should trust it.
    ///
    /// # Panics
    /// If the server speaks no TLS.
    pub fn authority(&self) -> &str {
        self.identity.as_ref().expect("a server with TLS").authority()
    }

    /// The requests so far, in the order in which they came.
    pub fn seen(&self) -> Vec<Seen> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).seen.clone()
    }

    /// The requests for one path.
    pub fn seen_at(&self, path: &str) -> Vec<Seen> {
        self.seen().into_iter().filter(|seen| seen.path == path).collect()
    }
}

impl Drop for RestServer {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Release);
        drop(TcpStream::connect(self.address));
    }
}

fn welcome(
    stream: TcpStream,
    tls: Option<Arc<rustls::ServerConfig>>,
    log: &Mutex<Log>,
    base: &str,
    route: &Route,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let Some(tls) = tls else { return serve(stream, log, base, route) };
    let connection = rustls::ServerConnection::new(tls).map_err(std::io::Error::other)?;
    serve(rustls::StreamOwned::new(connection, stream), log, base, route)
}

fn serve(stream: impl Read + Write, log: &Mutex<Log>, base: &str, route: &Route) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some(mut seen) = read_request(&mut reader, base)? {
        {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            let count = log.counts.entry(seen.path.clone()).or_default();
            seen.before = *count;
            *count += 1;
            log.seen.push(seen.clone());
        }
        let answer = route(&seen);
        thread::sleep(answer.delay);
        if !write_answer(reader.get_mut(), &answer)? {
            return Ok(());
        }
    }
    Ok(())
}

fn read_request(reader: &mut impl BufRead, base: &str) -> std::io::Result<Option<Seen>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(None) };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut seen = Seen {
        method: method.to_owned(),
        target: target.to_owned(),
        path: decode(path),
        query: parse_form(query),
        headers: HashMap::new(),
        body: Vec::new(),
        before: 0,
        base: base.to_owned(),
    };
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.split_once(':') else { break };
        seen.headers.insert(name.trim().to_lowercase(), value.trim().to_owned());
    }
    let length = seen.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    seen.body = vec![0; length];
    reader.read_exact(&mut seen.body)?;
    Ok(Some(seen))
}

/// False if the connection is to be closed.
fn write_answer(stream: &mut impl Write, answer: &Answer) -> std::io::Result<bool> {
    if answer.status == 0 {
        return Ok(false);
    }
    let mut head = format!("HTTP/1.1 {} status\r\ncontent-length: {}\r\n", answer.status, answer.body.len());
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    let body = &answer.body[..answer.cut.unwrap_or(answer.body.len())];
    let (pieces, pause) = answer.pieces;
    if pieces > 1 {
        stream.write_all(&bytes)?;
        for piece in body.chunks(body.len().div_ceil(pieces).max(1)) {
            stream.flush()?;
            thread::sleep(pause);
            stream.write_all(piece)?;
        }
    } else {
        bytes.extend_from_slice(body);
        stream.write_all(&bytes)?;
    }
    stream.flush()?;
    Ok(answer.cut.is_none())
}

/// Names and values of a form or a query.
pub(super) fn parse_form(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            out.push(byte);
            at += 3;
        } else {
            out.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
