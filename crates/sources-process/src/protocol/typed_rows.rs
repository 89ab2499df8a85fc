//! Payload of `rows` messages: pages of JSON lines and of Arrow.

use std::io::{self, Read};
use std::sync::Arc;

use arrow_ipc::reader::StreamReader;
use cartage_source_api::{JsonPage, Page};

use crate::output::Output;

/// Longest payload. Programs send about a megabyte at once.
pub(super) const PAYLOAD_BYTES: u64 = 64 << 20;

/// Bytes that are made room for before they have come.
const RESERVED: u64 = 4 << 20;

/// Reads exactly `bytes` bytes.
pub(super) fn payload(output: &mut Output, bytes: u64) -> io::Result<Vec<u8>> {
    if bytes > PAYLOAD_BYTES {
        let message = format!("a payload of {bytes} bytes is too long; send at most {PAYLOAD_BYTES} at once");
        return Err(io::Error::other(message));
    }
    let mut payload = Vec::with_capacity(bytes.min(RESERVED) as usize);
    output.take(bytes).read_to_end(&mut payload)?;
    if (payload.len() as u64) < bytes {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(payload)
}

/// Lines of JSON as a page. `first_row` is the number of the first row, from 1, of those that `source` names.
pub(super) fn json_lines(
    mut text: Vec<u8>,
    source: &Arc<str>,
    first_row: u64,
    max_row_bytes: usize,
) -> Result<Page, String> {
    if text.last().is_some_and(|last| *last != b'\n') {
        text.push(b'\n');
    }
    let (mut rows, mut start) = (0, 0);
    for end in memchr::memchr_iter(b'\n', &text) {
        if end - start > max_row_bytes {
            let row = first_row + rows;
            return Err(format!(
                "row {row} of {source} is longer than {max_row_bytes} bytes; raise `max_row_bytes` in `[extract]`"
            ));
        }
        rows += 1;
        start = end + 1;
    }
    Ok(Page::Json(JsonPage::from_clean_lines(text, rows, source, first_row)))
}

/// A stream of Arrow as pages.
pub(super) fn arrow(payload: &[u8]) -> Result<Vec<Page>, String> {
    let wrong = |error| format!("its rows are not a stream in Arrow's IPC format: {error}");
    let reader = StreamReader::try_new(payload, None).map_err(wrong)?;
    reader.map(|batch| batch.map(Page::Arrow).map_err(wrong)).collect()
}
