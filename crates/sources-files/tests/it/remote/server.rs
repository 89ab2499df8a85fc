//! An object server that speaks as much of S3 as is needed to read, and can misbehave. It also answers as a plain web
//! server. One thread a connection.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// How the server misbehaves.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fault of its own")]
pub(crate) struct Faults {
    /// How many of the next answers end in the middle of their body, and after how many bytes.
    pub(crate) cuts: Vec<usize>,
    /// The object is another one after this many answers with a body.
    pub(crate) changes_after: Option<usize>,
    /// Parts are not known: all of an object is sent.
    pub(crate) no_ranges: bool,
    /// Conditions are not known.
    pub(crate) no_conditions: bool,
    /// Requests for the head alone are refused.
    pub(crate) no_heads: bool,
    /// Everything is refused.
    pub(crate) denies: bool,
    /// There is no bucket.
    pub(crate) no_bucket: bool,
    /// How long the server thinks.
    pub(crate) delay: Duration,
}

struct Stored {
    bytes: Arc<Vec<u8>>,
    version: usize,
    seconds: u64,
}

#[derive(Default)]
struct Shared {
    objects: Mutex<BTreeMap<String, Stored>>,
    faults: Mutex<Faults>,
    bodies: AtomicUsize,
    requests: Mutex<Vec<String>>,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
}

/// The server, with one bucket called `bucket`.
pub(crate) struct Server {
    shared: Arc<Shared>,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::<Shared>::default();
        let all = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&all);
                thread::spawn(move || shared.serve(&stream));
            }
        });
        Self { shared, url }
    }

    pub(crate) fn put(&self, key: &str, bytes: impl Into<Vec<u8>>) {
        let mut objects = self.shared.objects.lock().unwrap();
        let version = objects.get(key).map_or(1, |old| old.version + 1);
        let seconds = 1_700_000_000 + version as u64;
        objects.insert(key.to_owned(), Stored { bytes: Arc::new(bytes.into()), version, seconds });
    }

    pub(crate) fn delete(&self, key: &str) {
        self.shared.objects.lock().unwrap().remove(key);
    }

    pub(crate) fn misbehave(&self, faults: Faults) {
        self.shared.bodies.store(0, Ordering::SeqCst);
        *self.shared.faults.lock().unwrap() = faults;
    }

    /// Lines such as `GET /bucket/x bytes=0-9`, since the last call.
    pub(crate) fn requests(&self) -> Vec<String> {
        std::mem::take(&mut *self.shared.requests.lock().unwrap())
    }

    /// How many requests were worked on at once at most.
    pub(crate) fn most_at_once(&self) -> usize {
        self.shared.most_at_once.load(Ordering::SeqCst)
    }

    /// BucketCredentials that lead here.
    pub(crate) fn credentials(&self) -> Value {
        json!({
            "endpoint_url": self.url,
            "aws_access_key_id": "me",
            "aws_secret_access_key": "hush-s3cret",
            "region_name": "us-east-1",
        })
    }
}

impl Shared {
    fn serve(&self, stream: &TcpStream) -> Option<()> {
        stream.set_nodelay(true).ok()?;
        let mut input = BufReader::new(stream.try_clone().ok()?);
        loop {
            let mut line = String::new();
            if input.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let mut words = line.split(' ');
            let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
            let mut headers = HashMap::new();
            loop {
                let mut line = String::new();
                input.read_line(&mut line).ok()?;
                let Some((name, value)) = line.trim().split_once(':') else { break };
                headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
            }
            let now = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_at_once.fetch_max(now, Ordering::SeqCst);
            let done = self.answer(stream, &method, &target, &headers);
            self.at_once.fetch_sub(1, Ordering::SeqCst);
            done?;
        }
    }

    fn answer(
        &self,
        out: &TcpStream,
        method: &str,
        target: &str,
        headers: &HashMap<String, String>,
    ) -> Option<()> {
        let faults = self.faults.lock().unwrap().clone();
        thread::sleep(faults.delay);
        let range = headers.get("range").map(String::as_str).unwrap_or_default();
        self.requests.lock().unwrap().push(format!("{method} {target} {range}").trim_end().to_owned());
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = decoded(path);
        let xml = |status, code: &str| {
            send(out, status, "", format!("<Error><Code>{code}</Code></Error>").as_bytes(), None, method)
        };
        if faults.denies || (faults.no_heads && method == "HEAD") {
            return xml("403 Forbidden", "AccessDenied");
        }
        if faults.no_bucket {
            return xml("404 Not Found", "NoSuchBucket");
        }
        if query.contains("list-type=2") {
            return send(out, "200 OK", "", self.list(query).as_bytes(), None, method);
        }
        let key = path.strip_prefix("/bucket/").unwrap_or(path.trim_start_matches('/'));
        let mut objects = self.objects.lock().unwrap();
        let Some(stored) = objects.get_mut(key) else {
            drop(objects);
            return xml("404 Not Found", "NoSuchKey");
        };
        if method == "GET" {
            let before = self.bodies.fetch_add(1, Ordering::SeqCst);
            if faults.changes_after == Some(before) {
                stored.version += 1;
            }
        }
        let etag = format!("\"v{}\"", stored.version);
        let (bytes, seconds) = (Arc::clone(&stored.bytes), stored.seconds);
        drop(objects);
        if !faults.no_conditions && headers.get("if-match").is_some_and(|wanted| *wanted != etag) {
            return xml("412 Precondition Failed", "PreconditionFailed");
        }
        let mut more = format!("etag: {etag}\r\nlast-modified: {}\r\n", http_date(seconds));
        let wanted = range.strip_prefix("bytes=").and_then(|range| range.split_once('-'));
        let (mut status, mut body) = ("200 OK", &bytes[..]);
        if let Some((from, to)) = wanted.filter(|_| !faults.no_ranges) {
            let (from, to): (usize, usize) = (from.parse().ok()?, to.parse().ok()?);
            let end = (to + 1).min(bytes.len());
            more += &format!("content-range: bytes {from}-{}/{}\r\n", end - 1, bytes.len());
            (status, body) = ("206 Partial Content", &bytes[from..end]);
        }
        let cut = if method == "GET" { self.faults.lock().unwrap().cuts.pop() } else { None };
        send(out, status, &more, body, cut, method)
    }

    /// Two keys a page, so that lists have several.
    fn list(&self, query: &str) -> String {
        let of = |name: &str| {
            let pair = query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
            decoded(&pair.unwrap_or_default().replace('+', " "))
        };
        let (prefix, delimiter, after) = (of("prefix"), of("delimiter"), of("continuation-token"));
        let objects = self.objects.lock().unwrap();
        let matching = objects.iter().filter(|(key, _)| {
            let is_below = !delimiter.is_empty() && key[prefix.len().min(key.len())..].contains('/');
            key.starts_with(&prefix) && !is_below && **key > after
        });
        let mut matching: Vec<_> = matching.collect();
        let most = if matching.len() > 20 { 1000 } else { 2 };
        let is_truncated = matching.len() > most;
        matching.truncate(most);
        let mut xml = String::from("<ListBucketResult>");
        for (key, stored) in &matching {
            xml += &format!(
                "<Contents><Key>{}</Key><Size>{}</Size><ETag>&quot;v{}&quot;</ETag>\
                 <LastModified>{}</LastModified></Contents>",
                escaped(key),
                stored.bytes.len(),
                stored.version,
                iso_date(stored.seconds),
            );
        }
        if let Some((last, _)) = matching.last().filter(|_| is_truncated) {
            xml += &format!("<NextContinuationToken>{}</NextContinuationToken>", escaped(last));
        }
        xml + &format!("<IsTruncated>{is_truncated}</IsTruncated></ListBucketResult>")
    }
}

fn send(
    mut out: &TcpStream,
    status: &str,
    more: &str,
    body: &[u8],
    cut: Option<usize>,
    method: &str,
) -> Option<()> {
    let head = format!("HTTP/1.1 {status}\r\n{more}content-length: {}\r\n\r\n", body.len());
    out.write_all(head.as_bytes()).ok()?;
    if method == "HEAD" {
        return Some(());
    }
    match cut {
        Some(cut) if cut < body.len() => {
            out.write_all(&body[..cut]).ok()?;
            out.shutdown(std::net::Shutdown::Both).ok()?;
            None
        }
        _ => out.write_all(body).ok(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Moments of the one day that is needed.
fn clock(seconds: u64) -> String {
    let of_day = seconds % 86_400;
    format!("{:02}:{:02}:{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60)
}

fn http_date(seconds: u64) -> String {
    format!("Tue, 14 Nov 2023 {} GMT", clock(seconds))
}

fn iso_date(seconds: u64) -> String {
    format!("2023-11-14T{}.000Z", clock(seconds))
}
