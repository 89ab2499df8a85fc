//! Timestamps of twelve bytes: the moment of the file, whatever its century, or an error that names file and column.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType, TimestampNanosecondType};
use cartage_data_files::parquet::{FileReader, ParquetError, verify};
use parquet::data_type::{Int96, Int96Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

const DAY_NANOS: u64 = 86_400_000_000_000;

/// Days since 1970 and nanoseconds in the day.
type Moment = (i64, u64);

fn int96((day, nanos): Moment) -> Int96 {
    let mut value = Int96::new();
    value.set_data(nanos as u32, (nanos >> 32) as u32, (day + 2_440_588) as u32);
    value
}

/// A file with one column, `at` or `l.list.item` (a list a row with one item).
fn file(folder: &Path, nested: bool, moments: &[Option<Moment>]) -> PathBuf {
    let flat = "message m { optional int96 at; }";
    let lists = "message m { required group l (LIST) { repeated group list { optional int96 item; } } }";
    let schema = Arc::new(parse_message_type(if nested { lists } else { flat }).unwrap());
    let path = folder.join("i.parquet");
    let output = std::fs::File::create(&path).unwrap();
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(output, schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let values: Vec<Int96> = moments.iter().flatten().map(|moment| int96(*moment)).collect();
    let full = if nested { 2 } else { 1 };
    let defined: Vec<i16> =
        moments.iter().map(|moment| if moment.is_some() { full } else { full - 1 }).collect();
    let repeated = vec![0; moments.len()];
    let repeated = nested.then_some(repeated.as_slice());
    column.typed::<Int96Type>().write_batch(&values, Some(&defined), repeated).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    path
}

/// The unit of the column, and its values in it.
fn read(path: &Path) -> Result<(TimeUnit, Vec<Option<i64>>), ParquetError> {
    verify(path, 1)?;
    let mut reader = FileReader::open(path)?;
    assert!(reader.is_peculiar(), "others read such timestamps in other ways");
    let batch = reader.next_batch()?.unwrap();
    let column = Arc::clone(batch.column(0));
    let column =
        if column.data_type().is_nested() { Arc::clone(column.as_list::<i32>().values()) } else { column };
    let DataType::Timestamp(unit, None) = *column.data_type() else { panic!("{}", column.data_type()) };
    let values = match unit {
        TimeUnit::Microsecond => column.as_primitive::<TimestampMicrosecondType>().iter().collect(),
        TimeUnit::Nanosecond => column.as_primitive::<TimestampNanosecondType>().iter().collect(),
        unit => panic!("{unit:?}"),
    };
    Ok((unit, values))
}

/// 9999-12-31 and 0001-01-01, in days since 1970.
const LAST_DAY: i64 = 2_932_896;
const FIRST_DAY: i64 = -719_162;

#[test]
fn far_moments_are_those_of_the_file_at_the_top_and_in_lists() {
    let folder = tempfile::tempdir().unwrap();
    let moments = [Some((LAST_DAY, 0)), None, Some((FIRST_DAY, 1_000)), Some((0, DAY_NANOS - 1_000))];
    let micros = |(day, nanos): Moment| day * 86_400_000_000 + (nanos / 1_000) as i64;
    let expected: Vec<_> = moments.iter().map(|moment| moment.map(micros)).collect();
    for nested in [false, true] {
        let path = file(folder.path(), nested, &moments);
        assert_eq!(read(&path).unwrap(), (TimeUnit::Microsecond, expected.clone()));
    }
}

#[test]
fn digits_below_microseconds_are_kept_where_64_bits_hold_them() {
    let folder = tempfile::tempdir().unwrap();
    for nested in [false, true] {
        let path = file(folder.path(), nested, &[Some((1, 7)), None]);
        assert_eq!(read(&path).unwrap(), (TimeUnit::Nanosecond, vec![Some(DAY_NANOS as i64 + 7), None]));
    }
}

#[test]
fn what_no_timestamp_holds_is_refused_with_its_column_and_row() {
    let folder = tempfile::tempdir().unwrap();
    let both = [Some((0, 7)), Some((0, 0)), Some((LAST_DAY, 0))];
    let beyond = [None, None, Some((2_000_000_000, 0))];
    for (nested, column) in [(false, "`at`"), (true, "`l.list.item`")] {
        for moments in [&both, &beyond] {
            let error = read(&file(folder.path(), nested, moments)).unwrap_err();
            assert!(matches!(error, ParquetError::Timestamp { row: 3, .. }), "{error}");
            assert!(error.to_string().contains(column) && error.reason().contains(column), "{error}");
        }
    }
}
