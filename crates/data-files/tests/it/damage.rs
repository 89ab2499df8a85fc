//! Parquet files with bits flipped, cut, or with a footer that lies: an error or what was in them, never a panic.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch, StringArray,
    StructArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use cartage_data_files::parquet::{FileReader, ParquetError, examine, verify};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};

const ROWS: usize = 60;

/// A generator of numbers that are the same in every run (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}

fn batch() -> RecordBatch {
    let rows = || 0..ROWS as i64;
    let lists = rows().map(|row| (row % 5 != 0).then(|| (0..row % 4).map(|item| Some(item as i32))));
    let inner: ArrayRef =
        Arc::new(rows().map(|row| (row % 3 != 0).then(|| "x".repeat(row as usize))).collect::<StringArray>());
    let member = Arc::new(Field::new("s", DataType::Utf8, true));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from_iter_values(rows()))),
        ("small", Arc::new(rows().map(|row| (row % 7 != 0).then_some(row as i32)).collect::<Int32Array>())),
        (
            "word",
            Arc::new(StringArray::from_iter_values(rows().map(|row| ["north", "süd", ""][row as usize % 3]))),
        ),
        ("price", Arc::new(Float64Array::from_iter_values(rows().map(|row| row as f64 / 8.0)))),
        (
            "flag",
            Arc::new(rows().map(|row| (row % 2 == 0).then_some(row % 3 == 0)).collect::<BooleanArray>()),
        ),
        ("at", Arc::new(TimestampMicrosecondArray::from_iter_values(rows().map(|row| row * 1_000_000)))),
        ("tags", Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(lists))),
        ("deep", Arc::new(StructArray::from(vec![(member, inner)]))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .unwrap()
}

fn file(compression: Compression, version: WriterVersion) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_writer_version(version)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(ROWS / 2))
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch().schema(), Some(properties)).unwrap();
    writer.write(&batch()).unwrap();
    writer.close().unwrap();
    bytes
}

fn codecs() -> [Compression; 7] {
    [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::BROTLI(BrotliLevel::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
        Compression::ZSTD(ZstdLevel::default()),
    ]
}

/// All rows of a file that was found to be whole.
fn read(path: &Path) -> Result<Vec<RecordBatch>, ParquetError> {
    let mut reader = FileReader::open(path)?;
    let mut batches = Vec::new();
    while let Some(batch) = reader.next_batch()? {
        batches.push(batch);
    }
    Ok(batches)
}

fn stored(folder: &tempfile::TempDir, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join("f.parquet");
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn every_codec_is_read_flat_and_nested_by_both_versions_of_pages() {
    let folder = tempfile::tempdir().unwrap();
    for compression in codecs() {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let path = stored(&folder, &file(compression, version));
            assert_eq!(examine(&path).unwrap().rows, ROWS as u64);
            verify(&path, 2).unwrap();
            let rows = arrow::compute::concat_batches(&batch().schema(), &read(&path).unwrap()).unwrap();
            assert_eq!(rows, batch(), "{compression}");
        }
    }
}

#[test]
fn a_damaged_file_is_an_error_or_has_as_many_rows_as_before_and_never_panics() {
    let folder = tempfile::tempdir().unwrap();
    let mut numbers = Numbers(13);
    let (mut errors, mut read_on) = (0, 0);
    for compression in codecs() {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let whole = file(compression, version);
            for attempt in 0..250 {
                let mut bytes = whole.clone();
                let at = numbers.below(bytes.len());
                match attempt % 5 {
                    0 => bytes.truncate(at),
                    1 => bytes[at] = numbers.below(256) as u8,
                    _ => bytes[at] ^= 1 << numbers.below(8),
                }
                let path = stored(&folder, &bytes);
                if verify(&path, 1).is_err() {
                    errors += 1;
                    continue;
                }
                // A bit of a value, or of a name, is for nobody to find; but what was found whole is read to its end.
                let rows: usize = read(&path).unwrap().iter().map(RecordBatch::num_rows).sum();
                assert_eq!(rows, ROWS, "{compression}, attempt {attempt} at byte {at}");
                read_on += 1;
            }
        }
    }
    assert!(errors > 1_000 && read_on > 100, "{errors} errors, {read_on} read on");
}

#[test]
fn a_flipped_bit_in_a_page_with_a_checksum_is_always_found() {
    // Written by pyarrow with `write_page_checksum`: two columns of 100 rows without compression.
    let whole = include_bytes!("../../../../fixtures/parquet/checksums.parquet");
    let folder = tempfile::tempdir().unwrap();
    verify(&stored(&folder, whole), 1).unwrap();
    let mut numbers = Numbers(5);
    for _ in 0..100 {
        let mut bytes = whole.to_vec();
        // The pages of the first column begin behind the magic number and a header.
        let at = 60 + numbers.below(600);
        bytes[at] ^= 1 << numbers.below(8);
        let error = verify(&stored(&folder, &bytes), 1).unwrap_err();
        assert!(error.is_of_the_file(), "byte {at}: {error}");
    }
}

#[test]
fn a_footer_that_lies_about_its_rows_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["rows-of-file", "rows-of-group", "rows-of-both"] {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../fixtures/parquet/{name}.parquet"));
        let copy = folder.path().join(name);
        fs::copy(path, &copy).unwrap();
        let error = verify(&copy, 1).unwrap_err();
        assert!(matches!(error, ParquetError::Damaged { .. }), "{name}: {error}");
        assert!(error.reason().contains("rows"), "{name}: {}", error.reason());
    }
}

#[test]
fn an_encrypted_file_is_called_encrypted() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = file(Compression::SNAPPY, WriterVersion::PARQUET_1_0);
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(b"PARE");
    let error = examine(&stored(&folder, &bytes)).unwrap_err();
    assert!(matches!(error, ParquetError::Encrypted { .. }), "{error}");
    assert!(error.reason().contains("encrypted"));
}

#[test]
fn columns_without_rows_and_rows_without_columns_are_whole() {
    let folder = tempfile::tempdir().unwrap();
    for schema in [batch().schema(), Arc::new(Schema::empty())] {
        let mut bytes = Vec::new();
        ArrowWriter::try_new(&mut bytes, schema, None).unwrap().close().unwrap();
        let path = stored(&folder, &bytes);
        verify(&path, 1).unwrap();
        assert_eq!(read(&path).unwrap().len(), 0);
    }
}

#[test]
fn columns_deep_inside_one_another_are_whole_until_they_are_too_deep_for_readers() {
    let folder = tempfile::tempdir().unwrap();
    let nested = |depth: usize| {
        // Writing takes more of the stack than reading.
        let write = move || {
            let leaf: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
            let array = (0..depth).fold(leaf, |inner, _| {
                let member = Arc::new(Field::new("a", inner.data_type().clone(), false));
                Arc::new(StructArray::from(vec![(member, inner)]))
            });
            let batch = RecordBatch::try_from_iter([("a", array)]).unwrap();
            let mut bytes = Vec::new();
            // The schema of Arrow beside that of Parquet may be 64 deep.
            let options = ArrowWriterOptions::new().with_skip_arrow_metadata(true);
            let mut writer = ArrowWriter::try_new_with_options(&mut bytes, batch.schema(), options).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
            bytes
        };
        thread::Builder::new().stack_size(64 << 20).spawn(write).unwrap().join().unwrap()
    };
    let path = stored(&folder, &nested(120));
    verify(&path, 1).unwrap();
    assert_eq!(read(&path).unwrap()[0].num_rows(), 3);

    let error = verify(&stored(&folder, &nested(200)), 1).unwrap_err();
    assert!(matches!(error, ParquetError::Damaged { .. }), "{error}");
    assert!(error.reason().contains("too deep"), "{error}");
}
