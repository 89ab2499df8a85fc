//! The ClickHouse that tests share: its engine behind a server of ours, started by `cargo xtask services up`.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Where it listens.
pub const ADDRESS: &str = "127.0.0.1:18123";
/// Who may use it.
pub const USER: &str = "loader";
/// The password.
pub const PASSWORD: &str = "hush-hush";

/// A connection string for the database `default`.
///
/// # Panics
/// If it does not answer, with the remedy.
pub fn url() -> String {
    assert!(
        TcpStream::connect(ADDRESS).is_ok(),
        "ClickHouse does not answer: start it with `cargo xtask services up`"
    );
    let (host, port) = ADDRESS.split_once(':').unwrap_or_default();
    format!("clickhouse://{USER}:{PASSWORD}@{host}/default?secure=0&http_port={port}")
}

/// What follows `beginning` in the names of tables that begin with it.
///
/// # Panics
/// If they cannot be listed.
pub fn tables(beginning: &str) -> Vec<String> {
    let names = sql(&format!(
        "SELECT substring(name, length('{beginning}') + 1) FROM system.tables \
         WHERE database = 'default' AND startsWith(name, '{beginning}') ORDER BY name"
    ));
    names.lines().map(str::to_owned).collect()
}

/// Runs a statement; returns the answer, columns of a row separated by tabs.
///
/// # Panics
/// If it fails.
pub fn sql(statement: &str) -> String {
    let mut stream = TcpStream::connect(ADDRESS).expect("ClickHouse answers");
    stream.set_read_timeout(Some(Duration::from_mins(1))).expect("a timeout can be set");
    let length = statement.len();
    let request = format!(
        "POST /?database=default HTTP/1.1\r\nHost: {ADDRESS}\r\nConnection: close\r\nX-ClickHouse-User: {USER}\r\n\
         X-ClickHouse-Key: {PASSWORD}\r\nContent-Length: {length}\r\n\r\n{statement}"
    );
    stream.write_all(request.as_bytes()).expect("the request can be sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the answer comes");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").expect("the answer is one of HTTP");
    assert!(head.starts_with("HTTP/1.1 200"), "{statement}: {body}");
    body.to_owned()
}
