//! Texts whose lengths are packed inside of a page: files with them are whole, and counts that lie are found.

use std::fs;
use std::sync::Arc;

use arrow::array::{ArrayRef, ListBuilder, RecordBatch, StringArray, StringBuilder};
use cartage_data_files::parquet::{FileReader, verify};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::{WriterProperties, WriterVersion};

const ROWS: usize = 100;

fn batch() -> RecordBatch {
    let word = |row: usize| "ab".repeat(row % 5);
    let words = (0..ROWS).map(|row| Some(word(row))).collect::<StringArray>();
    let holes = (0..ROWS).map(|row| (row % 3 != 0).then(|| word(row))).collect::<StringArray>();
    let mut lists = ListBuilder::new(StringBuilder::new());
    for row in 0..ROWS {
        (0..row % 4).for_each(|item| lists.values().append_value(word(row + item)));
        lists.append(row % 7 != 0);
    }
    let columns: [(&str, ArrayRef, bool); 3] = [
        ("words", Arc::new(words), false),
        ("holes", Arc::new(holes), true),
        ("lists", Arc::new(lists.finish()), true),
    ];
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

fn file(encoding: Encoding, version: WriterVersion, compression: Compression) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_encoding(encoding)
        .set_writer_version(version)
        .set_compression(compression)
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch().schema(), Some(properties)).unwrap();
    writer.write(&batch()).unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn files_with_packed_lengths_are_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.parquet");
    for encoding in [Encoding::DELTA_LENGTH_BYTE_ARRAY, Encoding::DELTA_BYTE_ARRAY] {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            for compression in [Compression::UNCOMPRESSED, Compression::SNAPPY] {
                fs::write(&path, file(encoding, version, compression)).unwrap();
                verify(&path, 1).unwrap_or_else(|error| panic!("{encoding} {version:?}: {error}"));
                let read = FileReader::open(&path).unwrap().next_batch().unwrap().unwrap();
                assert_eq!(read, batch(), "{encoding}");
            }
        }
    }
}

#[test]
fn a_page_that_claims_more_texts_than_it_has_values_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.parquet");
    for encoding in [Encoding::DELTA_LENGTH_BYTE_ARRAY, Encoding::DELTA_BYTE_ARRAY] {
        let mut bytes = file(encoding, WriterVersion::PARQUET_1_0, Compression::UNCOMPRESSED);
        // Blocks of 128 lengths in 4 parts, and how many lengths there are.
        let lengths: &[u8] = &[0x80, 1, 4, ROWS as u8];
        let at = bytes.windows(lengths.len()).rposition(|window| window == lengths).unwrap();
        bytes[at + 3] += 1;
        fs::write(&path, &bytes).unwrap();
        let error = verify(&path, 1).unwrap_err().to_string();
        assert!(error.contains("more texts than values"), "{encoding}: {error}");
    }
}
