//! Packed files with bits flipped or cut: an error that names the file, or what is left is read, and never a panic.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use cartage_runtime::OnBadRow;
use serde_json::json;

use crate::support::{Folder, gzip};

/// A generator of numbers that are the same in every run.
fn below(state: &mut u64, end: usize) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as usize % end
}

fn zstd_with_checksum(content: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_damaged_packed_file_is_named_or_read_and_never_panics() {
    let row = |row: usize| format!("{{\"id\":{row},\"word\":\"w{}\"}}\n", row % 7);
    let rows = (0..400).map(row).collect::<Vec<_>>().concat();
    let mut state = 13;
    let (mut named, mut read) = (0, 0);
    for (name, whole) in
        [("a.jsonl.gz", gzip(rows.as_bytes())), ("a.jsonl.zst", zstd_with_checksum(rows.as_bytes()))]
    {
        // The first bytes say how the file is packed: without them it is text, which normalize finds to be none.
        for attempt in 0..400 {
            let mut bytes = whole.clone();
            let at = 4 + below(&mut state, bytes.len() - 4);
            match attempt % 4 {
                0 => bytes.truncate(at),
                _ => bytes[at] ^= 1 << below(&mut state, 8),
            }
            let folder = Folder::new();
            folder.write(name, &bytes);
            let result =
                catch_unwind(AssertUnwindSafe(|| folder.read_with(&json!({ "path": name }), OnBadRow::Fail)));
            match result.unwrap_or_else(|_| panic!("{name}, attempt {attempt}, byte {at}")) {
                Ok(found) => {
                    assert_eq!(found.rows(), rows.trim_end().replace('\n', " "), "{name}, byte {at}");
                    read += 1;
                }
                Err(error) => {
                    assert!(error.to_string().contains(name), "{error}");
                    named += 1;
                }
            }
        }
    }
    assert!(named > 600 && read < 200, "{named} named, {read} read");
}
