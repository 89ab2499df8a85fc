//! Block files: round trip, block boundaries, and what a damaged file is told apart by.

use std::fs;
use std::path::{Path, PathBuf};

use cartage_data_files::blocks::{BLOCK_BYTES, BlockError, BlockReader, BlockWriter, FileStats, Packing};
use proptest::prelude::*;

/// Cuts `rows` into blocks as every writer does.
fn write(path: &Path, packing: Packing, rows: &[Vec<u8>]) -> FileStats {
    let mut writer = BlockWriter::create(path, packing).unwrap();
    let mut block = Vec::new();
    let mut count = 0;
    for row in rows {
        block.extend_from_slice(row);
        block.push(b'\n');
        count += 1;
        if block.len() >= BLOCK_BYTES {
            writer.append_rows(&block, count, 1).unwrap();
            block.clear();
            count = 0;
        }
    }
    if count > 0 {
        writer.append_rows(&block, count, 1).unwrap();
    }
    writer.finish()
}

fn read(path: &Path, packing: Packing) -> Result<Vec<Vec<u8>>, BlockError> {
    let mut reader = BlockReader::open(path, packing)?;
    let mut blocks = Vec::new();
    let mut scratch = Vec::new();
    while let Some(block) = reader.next_block()? {
        assert_eq!(block.index, blocks.len() as u64);
        blocks.push(block.rows(&mut scratch)?.to_vec());
    }
    Ok(blocks)
}

fn rows(count: usize, size: usize) -> Vec<Vec<u8>> {
    (0..count).map(|n| format!("{{\"n\": {n}, \"text\": \"{}\"}}", "x".repeat(size)).into_bytes()).collect()
}

fn target() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.0123456789.0.jsonl");
    (folder, path)
}

#[test]
fn compressed_and_plain_files_of_equal_rows_have_equal_blocks() {
    let (folder, plain) = target();
    let zstd = folder.path().join("orders.zst");
    let input = rows(30_000, 500);
    let plain_stats = write(&plain, Packing::Plain, &input);
    let zstd_stats = write(&zstd, Packing::Zstd, &input);
    let blocks = read(&plain, Packing::Plain).unwrap();
    assert_eq!(blocks.len(), 4);
    assert_eq!(blocks, read(&zstd, Packing::Zstd).unwrap());
    assert_eq!(blocks.concat(), input.iter().flat_map(|r| [r, &b"\n"[..]].concat()).collect::<Vec<_>>());
    assert_eq!((plain_stats.rows, zstd_stats.rows), (30_000, 30_000));
    assert_eq!(plain_stats.uncompressed_bytes, zstd_stats.uncompressed_bytes);
    assert_eq!(zstd_stats.bytes, fs::metadata(&zstd).unwrap().len());
    assert!(zstd_stats.bytes < plain_stats.bytes / 10);
    assert_eq!(zstd_stats.checksum, xxhash_rust::xxh3::xxh3_128(&fs::read(&zstd).unwrap()));
}

#[test]
fn a_row_longer_than_a_block_makes_a_longer_block() {
    for packing in [Packing::Plain, Packing::Zstd] {
        let (_folder, path) = target();
        let mut input = rows(1, 3 * BLOCK_BYTES);
        input.extend(rows(2, 10));
        write(&path, packing, &input);
        let blocks = read(&path, packing).unwrap();
        assert_eq!(blocks.len(), 2);
        assert_eq!(memchr::memchr_iter(b'\n', &blocks[1]).count(), 2);
    }
}

#[test]
fn a_file_without_rows_has_no_blocks() {
    for packing in [Packing::Plain, Packing::Zstd] {
        let (_folder, path) = target();
        assert_eq!(write(&path, packing, &[]).bytes, 0);
        assert!(read(&path, packing).unwrap().is_empty());
    }
}

#[test]
fn a_file_is_never_overwritten() {
    let (_folder, path) = target();
    write(&path, Packing::Zstd, &rows(1, 1));
    assert!(matches!(
        BlockWriter::create(&path, Packing::Zstd),
        Err(BlockError::Io { action: "create", .. })
    ));
}

#[test]
fn a_cut_file_names_itself_and_the_block_that_is_cut() {
    let (_folder, path) = target();
    write(&path, Packing::Zstd, &rows(12_000, 500));
    let whole = fs::read(&path).unwrap();
    for keep in [whole.len() - 1, whole.len() - 100, 3] {
        fs::write(&path, &whole[..keep]).unwrap();
        let error = read(&path, Packing::Zstd).unwrap_err();
        let BlockError::Damaged { offset, .. } = &error else { panic!("{error}") };
        assert!(error.to_string().contains("orders.0123456789.0.jsonl"));
        assert_eq!(*offset > 0, keep > 1000, "{error}");
    }
}

#[test]
fn a_plain_file_that_ends_inside_a_row_is_damaged() {
    let (_folder, path) = target();
    fs::write(&path, "{\"a\": 1}\n{\"a\":").unwrap();
    assert!(matches!(read(&path, Packing::Plain), Err(BlockError::Damaged { offset: 0, .. })));
}

#[test]
fn no_flipped_byte_goes_unnoticed() {
    let (_folder, path) = target();
    write(&path, Packing::Zstd, &rows(50, 40));
    let whole = fs::read(&path).unwrap();
    let good = read(&path, Packing::Zstd).unwrap();
    for position in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[position] ^= 0x55;
        fs::write(&path, &bytes).unwrap();
        // A few bits of a frame header carry nothing: then the rows must be the same.
        if let Ok(rows) = read(&path, Packing::Zstd) {
            assert_eq!(rows, good, "byte {position}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn what_is_written_is_read(rows in prop::collection::vec(prop::collection::vec(32u8..127, 0..300), 0..200)) {
        for packing in [Packing::Plain, Packing::Zstd] {
            let (_folder, path) = target();
            let stats = write(&path, packing, &rows);
            prop_assert_eq!(stats.rows, rows.len() as u64);
            let expected: Vec<u8> = rows.iter().flat_map(|row| [row, &b"\n"[..]].concat()).collect();
            prop_assert_eq!(read(&path, packing).unwrap().concat(), expected);
        }
    }
}
