//! Inputs as they are in `fixtures/fuzz`: bytes, and lines in front that begin with `#! `.

use serde_json::{Map, Value};

/// What begins a line that is for the target, not for the reader.
const MARK: &[u8] = b"#! ";

/// Bytes for a reader, and settings for it: `#! {"format": "json"}` in the first line.
#[derive(Debug, Default)]
pub struct Input<'a> {
    pub settings: Map<String, Value>,
    pub bytes: &'a [u8],
}

impl<'a> Input<'a> {
    /// Without a line of settings all of it is bytes; with one that is not an object there is nothing to try.
    pub fn parse(data: &'a [u8]) -> Option<Self> {
        let Some(rest) = data.strip_prefix(MARK) else {
            return Some(Self { settings: Map::new(), bytes: data });
        };
        let (line, bytes) = line_of(rest);
        Some(Self { settings: serde_json::from_slice(line).ok()?, bytes })
    }

    /// Takes a setting that is for the target itself.
    pub fn take(&mut self, key: &str) -> Option<Value> {
        self.settings.shift_remove(key)
    }
}

/// Parts with a name: `#! name` in a line, and the bytes up to the next such line.
pub fn parts(data: &[u8]) -> Vec<(String, &[u8])> {
    let mut parts = Vec::new();
    let mut rest = data;
    while let Some(behind) = rest.strip_prefix(MARK) {
        let (line, behind) = line_of(behind);
        let end = next_mark(behind);
        let (bytes, next) = behind.split_at(end);
        parts.push((String::from_utf8_lossy(line).into_owned(), bytes));
        rest = next;
    }
    parts
}

/// The first line without its end, and what is behind it.
pub fn line_of(data: &[u8]) -> (&[u8], &[u8]) {
    match data.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &[]),
    }
}

fn next_mark(data: &[u8]) -> usize {
    if data.starts_with(MARK) {
        return 0;
    }
    let begin = |at: usize| data[at] == b'\n' && data[at + 1..].starts_with(MARK);
    (0..data.len()).find(|at| begin(*at)).map_or(data.len(), |at| at + 1)
}
