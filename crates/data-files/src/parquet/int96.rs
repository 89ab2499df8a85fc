//! Timestamps of twelve bytes, as Spark, Hive and Impala write them: a day and the nanoseconds in it.
//!
//! The library makes 64 bits of them without looking whether they fit. So they are looked at before: those that
//! have no digits below microseconds are read as microseconds, others as nanoseconds, and what fits neither is refused.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use cartage_runtime::contain;
use parquet::basic::Type as PhysicalType;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{Int96, Int96Type};
use parquet::file::reader::{FileReader as _, SerializedFileReader};

use super::ParquetError;
use super::open::Opened;

/// Values looked at together.
const BATCH: usize = 8 << 10;

const JULIAN_DAY_OF_EPOCH: i128 = 2_440_588;
const NANOS_IN_DAY: i128 = 86_400_000_000_000;

impl Opened {
    /// Gives timestamps of twelve bytes the unit that holds all of them.
    pub(super) fn typed(self) -> Result<Self, ParquetError> {
        match schema(&self)? {
            Some(schema) => self.seen_as(schema),
            None => Ok(self),
        }
    }
}

/// The columns as Arrow sees them with the right units; `None` if no timestamp has twelve bytes.
fn schema(opened: &Opened) -> Result<Option<SchemaRef>, ParquetError> {
    let columns = opened.metadata().file_metadata().schema_descr();
    let is_int96 = |leaf: usize| columns.column(leaf).physical_type() == PhysicalType::INT96;
    let mut units = vec![None; columns.num_columns()];
    let mut any = false;
    for (leaf, unit) in units.iter_mut().enumerate().filter(|(leaf, _)| is_int96(*leaf)) {
        *unit = Some(unit_of(opened, leaf)?);
        any = true;
    }
    if !any {
        return Ok(None);
    }
    let schema = opened.arrow().schema();
    let mut units = units.into_iter();
    let fields: Fields = schema.fields().iter().map(|field| with_units(field, &mut units)).collect();
    Ok(Some(Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))))
}

/// The field with the units of its leaves, which come in their order.
fn with_units(field: &FieldRef, units: &mut impl Iterator<Item = Option<TimeUnit>>) -> FieldRef {
    let data_type = match field.data_type() {
        DataType::Struct(fields) => {
            DataType::Struct(fields.iter().map(|field| with_units(field, units)).collect())
        }
        DataType::List(item) => DataType::List(with_units(item, units)),
        DataType::LargeList(item) => DataType::LargeList(with_units(item, units)),
        DataType::ListView(item) => DataType::ListView(with_units(item, units)),
        DataType::LargeListView(item) => DataType::LargeListView(with_units(item, units)),
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(with_units(item, units), *size),
        DataType::Map(entries, sorted) => DataType::Map(with_units(entries, units), *sorted),
        leaf => match (units.next().flatten(), leaf) {
            (Some(unit), DataType::Timestamp(_, zone)) => DataType::Timestamp(unit, zone.clone()),
            _ => return Arc::clone(field),
        },
    };
    Arc::new(Field::clone(field).with_data_type(data_type))
}

/// What the values of a column have in common.
#[derive(Default)]
struct Seen {
    /// The row, from 1, of the first value with digits below microseconds.
    fine: Option<u64>,
    /// That of the first value that 64 bits of nanoseconds cannot hold.
    far: Option<u64>,
    /// That of the first value that 64 bits of microseconds cannot hold.
    beyond: Option<u64>,
}

fn unit_of(opened: &Opened, leaf: usize) -> Result<TimeUnit, ParquetError> {
    let name = opened.metadata().file_metadata().schema_descr().column(leaf).path().string();
    let seen =
        contain(|| look_at(opened, leaf)).map_err(|panic| ParquetError::panicked(&opened.path, &panic))??;
    let refused = |row: u64, reason: &str| ParquetError::Timestamp {
        path: opened.path.clone(),
        column: name.clone(),
        row,
        reason: reason.to_owned(),
    };
    match seen {
        Seen { beyond: Some(row), .. } => {
            Err(refused(row, "it is beyond all years that a timestamp can have"))
        }
        Seen { fine: None, .. } => Ok(TimeUnit::Microsecond),
        Seen { far: None, .. } => Ok(TimeUnit::Nanosecond),
        Seen { far: Some(row), .. } => {
            Err(refused(row, "it is outside of 1677 to 2262, and other rows of the column have nanoseconds"))
        }
    }
}

fn look_at(opened: &Opened, leaf: usize) -> Result<Seen, ParquetError> {
    let failed = |source| ParquetError::read(&opened.path, source);
    let reader = SerializedFileReader::new(opened.file()?).map_err(failed)?;
    let mut seen = Seen::default();
    let mut row = 0;
    for (group, metadata) in opened.metadata().row_groups().iter().enumerate() {
        let group = reader.get_row_group(group).map_err(failed)?;
        let column = group.get_column_reader(leaf).map_err(failed)?;
        if let ColumnReader::Int96ColumnReader(column) = column {
            look_at_chunk(column, metadata.column(leaf).column_descr().max_def_level(), row, &mut seen)
                .map_err(failed)?;
        }
        row += metadata.num_rows().unsigned_abs();
    }
    Ok(seen)
}

fn look_at_chunk(
    mut column: ColumnReaderImpl<Int96Type>,
    full_level: i16,
    first_row: u64,
    seen: &mut Seen,
) -> parquet::errors::Result<()> {
    let mut rows = first_row;
    loop {
        let (mut defined, mut repeated, mut values) = (Vec::new(), Vec::new(), Vec::new());
        let (records, count, levels) =
            column.read_records(BATCH, Some(&mut defined), Some(&mut repeated), &mut values)?;
        if records == 0 && count == 0 && levels == 0 {
            return Ok(());
        }
        let mut values = values.iter();
        let mut row = rows;
        for level in 0..levels.max(count) {
            // Levels are absent where a column has none: then each value is a row.
            if repeated.get(level).is_none_or(|repeated| *repeated == 0) {
                row += 1;
            }
            if defined.get(level).is_none_or(|defined| *defined == full_level)
                && let Some(value) = values.next()
            {
                seen.add(value, row);
            }
        }
        rows += records as u64;
    }
}

impl Seen {
    fn add(&mut self, value: &Int96, row: u64) {
        let nanos = nanos(value);
        let first = |place: &mut Option<u64>, found: bool| {
            if found {
                place.get_or_insert(row);
            }
        };
        first(&mut self.fine, nanos % 1000 != 0);
        first(&mut self.far, i64::try_from(nanos).is_err());
        first(&mut self.beyond, i64::try_from(nanos.div_euclid(1000)).is_err());
    }
}

/// Nanoseconds since 1970.
fn nanos(value: &Int96) -> i128 {
    let data = value.data();
    let day = i128::from(data[2].cast_signed());
    let in_day = (i64::from(data[1].cast_signed()) << 32) | i64::from(data[0]);
    (day - JULIAN_DAY_OF_EPOCH) * NANOS_IN_DAY + i128::from(in_day)
}
