//! The API that is measured against: answers are made before anybody asks, one thread a connection.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::Result;

/// Pages, and rows of one.
pub(super) const PAGES: usize = 500;
pub(super) const ROWS: usize = 100;

/// A page of a stream and how many of them there are: five gigabytes of rows in all.
const STREAM_PAGES: u64 = 50;
const STREAM_PAGE_BYTES: u64 = 100_000_000;
const CHUNK_BYTES: usize = 256 << 10;

/// A server that runs until the process ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Server {
    address: SocketAddr,
    bytes: u64,
}

impl Server {
    pub(super) fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let pages: Arc<Vec<Vec<u8>>> = Arc::new((0..=PAGES).map(answer).collect());
        let bytes = pages.iter().map(|page| page.len() as u64).sum();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let pages = Arc::clone(&pages);
                // A client that goes away ends its connection, not the server.
                thread::spawn(move || drop(serve(&stream, &pages)));
            }
        });
        Ok(Self { address, bytes })
    }

    /// Bytes of all answers.
    pub(super) fn bytes(self) -> u64 {
        self.bytes
    }

    pub(super) fn url(self) -> String {
        format!("http://{}", self.address)
    }
}

fn serve(mut stream: &TcpStream, pages: &[Vec<u8>]) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let target = line.split_whitespace().nth(1).unwrap_or_default().to_owned();
        while line.trim() != "" {
            line.clear();
            reader.read_line(&mut line)?;
        }
        let page = number(&target, "page=");
        if target.starts_with("/stream") {
            stream_page(stream, page)?;
            continue;
        }
        thread::sleep(Duration::from_millis(number(&target, "delay=")));
        stream.write_all(&pages[(page as usize).min(PAGES)])?;
    }
}

fn number(target: &str, name: &str) -> u64 {
    let behind = target.split_once(name).map_or("", |(_, behind)| behind);
    behind.split('&').next().unwrap_or_default().parse().unwrap_or_default()
}

fn answer(page: usize) -> Vec<u8> {
    let rows: Vec<String> =
        (0..if page < PAGES { ROWS } else { 0 }).map(|n| row((page * ROWS + n) as u64)).collect();
    let next = if page + 1 < PAGES { (page + 1).to_string() } else { "null".to_owned() };
    let body = format!("{{\"items\": [{}], \"total\": {PAGES}, \"next_page\": {next}}}", rows.join(", "));
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn row(id: u64) -> String {
    format!(
        "{{\"id\": {id}, \"name\": \"customer {id}\", \"email\": \"c{id}@example.com\", \"amount\": {}.25, \
         \"active\": {}, \"created_at\": \"2024-05-01T10:00:00Z\", \"address\": {{\"city\": \"city {}\", \"zip\": \"{:05}\"}}}}",
        id * 3,
        id.is_multiple_of(2),
        id % 97,
        id % 90_000
    )
}

/// One page of the stream, made while it is sent, in chunks because nobody knows its length.
fn stream_page(mut stream: &TcpStream, page: u64) -> std::io::Result<()> {
    stream.write_all(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
    )?;
    let mut text = Vec::with_capacity(CHUNK_BYTES + 1024);
    text.extend_from_slice(b"{\"items\": [");
    let first = page * 1_000_000;
    let (mut sent, mut id) = (0, first);
    while sent < STREAM_PAGE_BYTES {
        if id > first {
            text.push(b',');
        }
        text.extend_from_slice(row(id).as_bytes());
        id += 1;
        if text.len() >= CHUNK_BYTES {
            sent += text.len() as u64;
            send_chunk(stream, &text)?;
            text.clear();
        }
    }
    let next = if page + 1 < STREAM_PAGES { (page + 1).to_string() } else { "null".to_owned() };
    text.extend_from_slice(format!("], \"next_page\": {next}}}").as_bytes());
    send_chunk(stream, &text)?;
    stream.write_all(b"0\r\n\r\n")
}

fn send_chunk(mut stream: &TcpStream, text: &[u8]) -> std::io::Result<()> {
    stream.write_all(format!("{:x}\r\n", text.len()).as_bytes())?;
    stream.write_all(text)?;
    stream.write_all(b"\r\n")
}
