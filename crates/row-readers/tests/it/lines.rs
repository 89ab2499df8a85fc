//! Lines of text to pages of rows.

use std::io::Read;
use std::sync::Arc;

use cartage_row_readers::Lines;
use cartage_source_api::{JsonPage, SourceError};

/// Gives a few bytes at a time, as a slow pipe does.
struct Drip<'a>(&'a [u8], usize);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.1.min(self.0.len()).min(buffer.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

fn pages(input: impl Read, max_line_bytes: usize) -> Result<Vec<JsonPage>, SourceError> {
    let mut lines = Lines::new(input, Arc::from("rows.jsonl"), max_line_bytes);
    std::iter::from_fn(|| lines.next_page().transpose()).collect()
}

fn text(pages: &[JsonPage]) -> String {
    pages.iter().map(|page| std::str::from_utf8(page.text()).unwrap()).collect()
}

/// First line and number of rows of each run of lines.
fn origins(pages: &[JsonPage]) -> Vec<(u64, u64)> {
    pages.iter().flat_map(JsonPage::origins).map(|origin| (origin.first_line, origin.rows)).collect()
}

#[test]
fn rows_pass_through_as_bytes_and_a_last_line_needs_no_end() {
    let input = "{\"a\": 1.10}\n{\"a\":\t\"\\u00e9\"}\nno json";
    let pages = pages(input.as_bytes(), 100).unwrap();
    assert_eq!(text(&pages), format!("{input}\n"));
    assert_eq!(origins(&pages), [(1, 3)]);
}

#[test]
fn blank_lines_and_windows_line_ends_go_and_line_numbers_stay() {
    let pages =
        pages(&b"\xef\xbb\xbf{\"a\":1}\r\n\r\n  \n{\"a\":2}\n\n\n  {\"a\":3}\r\n{\"a\":4}\n"[..], 100)
            .unwrap();
    assert_eq!(text(&pages), "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n{\"a\":4}\n");
    assert_eq!(origins(&pages), [(1, 1), (4, 1), (7, 2)]);
}

#[test]
fn nothing_but_blank_lines_are_no_rows() {
    for input in ["", "\n\n", "\u{feff}", " \r\n "] {
        let rows: u64 = pages(input.as_bytes(), 100).unwrap().iter().map(JsonPage::rows).sum();
        assert_eq!(rows, 0, "{input:?}");
    }
}

#[test]
fn pages_do_not_depend_on_how_the_bytes_arrive() {
    let row = |n| format!("{{\"number\": {n}, \"text\": \"some words\"}}\n");
    let input = (0..60_000).map(row).collect::<Vec<_>>().concat();
    let whole = pages(input.as_bytes(), 100).unwrap();
    assert!(whole.len() > 1);
    assert_eq!(text(&whole), input);
    assert_eq!(whole, pages(Drip(input.as_bytes(), 777), 100).unwrap());
    assert_eq!(whole[1].origins()[0].first_line, whole[0].rows() + 1);
}

#[test]
fn a_row_of_100_mb_passes_and_a_longer_line_than_allowed_is_named() {
    let mut input = b"{}\n{\"a\": \"".to_vec();
    input.resize(100 << 20, b'x');
    input.extend_from_slice(b"\"}\n{}\n");
    let found = pages(&input[..], 256 << 20).unwrap();
    assert_eq!(found.iter().map(JsonPage::rows).sum::<u64>(), 3);
    let error = pages(&input[..], 1 << 20).unwrap_err().to_string();
    assert!(error.starts_with("rows.jsonl line 2: the line is longer than 1048576 bytes"), "{error}");
}

#[test]
fn utf_16_is_refused_with_the_remedy() {
    let error = pages(&b"\xff\xfe{\0}\0"[..], 100).unwrap_err().to_string();
    assert!(error.contains("rows.jsonl: the text is UTF-16") && error.contains("iconv"), "{error}");
}
