//! Requests to the server: one statement each.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cartage_destinations_api::{Error, Result, Seconds};
use reqwest::header::{CONTENT_LENGTH, HeaderMap};
use reqwest::{Body, RequestBuilder};
use rustls::crypto::ring::default_provider;
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::config::{self, Config};
use crate::{error, statement};

/// Settings of every statement: nothing is done later, no null becomes something else, and the answer comes once all
/// is done, so that its status says whether it is.
const SETTINGS: [(&str, &str); 12] = [
    ("wait_end_of_query", "1"),
    ("mutations_sync", "2"),
    ("alter_sync", "2"),
    ("lightweight_deletes_sync", "2"),
    ("input_format_null_as_default", "0"),
    ("insert_null_as_default", "0"),
    ("async_insert", "0"),
    // Two equal blocks of a file are rows, too.
    ("insert_deduplicate", "0"),
    ("max_partitions_per_insert_block", "0"),
    // As in the SQL standard: an alias does not hide a column.
    ("prefer_column_name_to_alias", "1"),
    ("output_format_json_quote_64bit_integers", "0"),
    ("output_format_json_quote_denormals", "1"),
];
/// The server parses that many bytes of a statement where nothing is said.
const MAX_QUERY_SIZE: usize = 256 << 10;
/// After this time without a sign of life the other side is asked for one.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// How long a connection waits for the next statement.
const IDLE: Duration = Duration::from_secs(2);
/// Longest time for a question that is answered at once.
const QUICK: Duration = Duration::from_secs(10);
/// How long a statement is waited for whose answer was lost, and the pause between two questions about it.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(200);
const EXCEPTION_CODE: &str = "x-clickhouse-exception-code";

/// Sends statements to one server.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    runtime: Arc<Runtime>,
    address: String,
    config: Config,
    /// What the ids of its statements begin with.
    owner: Arc<str>,
}

impl Client {
    pub(crate) fn new(runtime: Arc<Runtime>, config: &Config, owner: Arc<str>) -> Result<Self> {
        // Another client of this process may have chosen the same before.
        let _ = default_provider().install_default();
        let Seconds(connect_timeout) = config.login.connect_timeout;
        let http = reqwest::Client::builder()
            .user_agent(concat!("cartage/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(connect_timeout)
            .read_timeout(config::timeout(config))
            .tcp_keepalive(KEEPALIVE)
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            // Shorter than servers keep connections, so that a request seldom meets one that is being closed.
            .pool_idle_timeout(IDLE)
            .build()
            .map_err(|cause| Error::invalid("no client for HTTP can be made").with_source(cause))?;
        Ok(Self { http, runtime, address: config::address(config), config: config.clone(), owner })
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// Runs a statement; returns what the server answers. `doing` is what it is for.
    pub(crate) fn run(&self, doing: &str, sql: String) -> Result<Vec<u8>> {
        let longest = (sql.len() + MAX_QUERY_SIZE).to_string();
        self.send(doing, |request| request.query(&[("max_query_size", longest.as_str())]).body(sql))
    }

    /// Runs a statement that is answered at once.
    pub(crate) fn run_quickly(&self, doing: &str, sql: String) -> Result<()> {
        self.send(doing, |request| request.timeout(QUICK).body(sql)).map(drop)
    }

    /// Runs a statement; `false` if the server answers with the error of this number.
    pub(crate) fn run_unless(&self, doing: &str, sql: String, expected: i32) -> Result<bool> {
        match self.exchange(doing, |request| request.body(sql))? {
            Answer { code: None, status: 200..=299, .. } => Ok(true),
            Answer { code: Some(code), .. } if code == expected => Ok(false),
            answer => Err(self.failed(doing, &answer)),
        }
    }

    /// Runs a statement whose rows are those of a file.
    pub(crate) fn upload(&self, doing: &str, sql: &str, file: &Path) -> Result<()> {
        let opening = async {
            let opened = tokio::fs::File::open(file).await?;
            let length = opened.metadata().await?.len();
            Ok::<_, std::io::Error>((opened, length))
        };
        let (opened, length) = self.runtime.block_on(opening).map_err(|cause| {
            Error::corrupt(format!("cannot open {}: {cause}", file.display())).with_source(cause)
        })?;
        // With its length, so that the server notices where the body ends early.
        let body = |request: RequestBuilder| {
            request.query(&[("query", sql)]).header(CONTENT_LENGTH, length).body(Body::from(opened))
        };
        self.send(doing, body).map(drop)
    }

    fn request(&self, id: &str) -> RequestBuilder {
        let consistency = self.config.keys.select_sequential_consistency.to_string();
        self.http
            .post(&self.address)
            .header("X-ClickHouse-User", &self.config.login.username)
            .header("X-ClickHouse-Key", config::password(&self.config))
            .query(&[("database", self.config.login.database.as_str()), ("query_id", id)])
            .query(&[("default_format", "JSONCompactEachRow")])
            .query(&SETTINGS)
            .query(&[("select_sequential_consistency", consistency.as_str())])
    }

    fn send(&self, doing: &str, with_body: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Result<Vec<u8>> {
        match self.exchange(doing, with_body)? {
            Answer { code: None, status: 200..=299, body } => Ok(body),
            answer => Err(self.failed(doing, &answer)),
        }
    }

    fn failed(&self, doing: &str, answer: &Answer) -> Error {
        let message = String::from_utf8_lossy(&answer.body);
        error::of_answer(&self.config, answer.status, answer.code, &message).context(doing)
    }

    fn exchange(
        &self,
        doing: &str,
        with_body: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Answer> {
        let id = format!("{}-{}", self.owner, Uuid::new_v4().simple());
        let answer = self.ask(with_body(self.request(&id)));
        if let Ok(Answer { code: None, status: 408 | 500..=599, .. }) = answer {
            // Not the server's answer, but that of something in between.
            self.wait_for_end(&id);
        }
        answer.map_err(|cause| {
            if !cause.is_connect() {
                self.wait_for_end(&id);
            }
            error::of_connection(&self.config, &self.address, &cause).context(doing)
        })
    }

    fn ask(&self, request: RequestBuilder) -> reqwest::Result<Answer> {
        self.runtime.block_on(async {
            let response = request.send().await?;
            let (status, code) = (response.status().as_u16(), exception_code(response.headers()));
            Ok(Answer { status, code, body: response.bytes().await.map(Vec::from)? })
        })
    }

    /// A statement whose answer was lost may still run, and must not meet what comes next. Where the server does not
    /// answer this either, nothing can be done: each step finds out by itself what is there.
    fn wait_for_end(&self, id: &str) {
        let deadline = Instant::now() + PATIENCE;
        let running =
            format!("SELECT count() FROM system.processes WHERE query_id = {}", statement::literal(id));
        while Instant::now() < deadline {
            let question = format!("{}-{}", self.owner, Uuid::new_v4().simple());
            let answer = self.ask(self.request(&question).timeout(QUICK).body(running.clone()));
            if !matches!(answer, Ok(Answer { code: None, ref body, .. }) if body.trim_ascii() != b"[0]") {
                return;
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Ends the statements that another process has sent.
    pub(crate) fn end_statements_of(&self, owner: &str) -> Result<()> {
        let pattern = statement::literal(&format!("{owner}-"));
        let sql = format!("KILL QUERY WHERE startsWith(query_id, {pattern}) SYNC");
        self.run("end the statements of a process that is gone", sql).map(drop)
    }
}

/// What the server answers.
struct Answer {
    status: u16,
    /// The number of its error, also where the status was sent before it was met.
    code: Option<i32>,
    body: Vec<u8>,
}

/// The number of the server's error, also where the status was sent before it was met.
fn exception_code(headers: &HeaderMap) -> Option<i32> {
    headers.get(EXCEPTION_CODE)?.to_str().ok()?.parse().ok()
}
