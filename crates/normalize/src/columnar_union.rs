//! The types of columns that are new with a package: each holds what all Parquet files of the package bring.
//!
//! So the order of the files does not matter, and one column is enough where a wider type holds everything.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use arrow::array::AsArray;
use arrow::compute::max;
use arrow::datatypes::{DataType as ArrowType, UInt64Type};
use cartage_data_files::arrays::{expanded, value_type};
use cartage_data_files::parquet::FileFacts;
use cartage_schema::{Column, DataType};

use crate::columnar_types::column_of;
use crate::error::NormalizeError;
use crate::rules::Rules;

/// Digits that every destination with decimals has.
const MOST_DIGITS: u32 = 38;

/// The Parquet files of a package, by table.
#[derive(Debug, Default)]
pub(crate) struct ColumnarFiles {
    paths: BTreeMap<String, Vec<PathBuf>>,
    /// Columns of the tables whose files were looked at.
    columns: BTreeMap<String, BTreeMap<String, Column>>,
}

impl ColumnarFiles {
    pub(crate) fn add(&mut self, table: String, path: PathBuf) {
        self.paths.entry(table).or_default().push(path);
    }

    /// The column that the files of a table make by themselves; `None` where none says more than null.
    ///
    /// # Errors
    /// Those of reading the files.
    pub(crate) fn column(
        &mut self,
        rules: &Rules,
        table: &str,
        name: &str,
    ) -> Result<Option<Column>, NormalizeError> {
        if !self.columns.contains_key(table) {
            let paths = self.paths.get(table).map_or(&[][..], Vec::as_slice);
            self.columns.insert(table.to_owned(), columns_of(rules, paths)?);
        }
        Ok(self.columns[table].get(name).cloned())
    }
}

fn columns_of(rules: &Rules, paths: &[PathBuf]) -> Result<BTreeMap<String, Column>, NormalizeError> {
    let mut columns: BTreeMap<String, Column> = BTreeMap::new();
    // How many files have the column, with a type.
    let mut files: BTreeMap<String, usize> = BTreeMap::new();
    for path in paths {
        let facts = FileFacts::open(path)?;
        let mut names = HashSet::new();
        for (index, field) in facts.schema().fields().iter().enumerate() {
            let name = rules.naming.normalize_path(field.name());
            let Some(mut column) = column_of(rules, field, &name) else { continue };
            // Two columns of one name are refused when their file comes.
            if !names.insert(name.clone()) {
                continue;
            }
            *files.entry(name.clone()).or_default() += 1;
            let is_unsigned = *value_type(field.data_type()) == ArrowType::UInt64;
            if is_unsigned && exceeds_bigint(&facts, index)? {
                column.data_type = Some(DataType::Decimal);
                column.precision = Some(20);
                column.scale = Some(0);
            }
            match columns.entry(name) {
                Entry::Vacant(vacant) => {
                    vacant.insert(column);
                }
                Entry::Occupied(mut first) => widen(first.get_mut(), &column),
            }
        }
    }
    for (name, column) in &mut columns {
        if files[name] < paths.len() {
            column.nullable = Some(true);
        }
    }
    Ok(columns)
}

/// Makes a column hold what another holds, too. Where no type does, it stays, and values go to variants.
fn widen(column: &mut Column, other: &Column) {
    if other.nullable == Some(true) {
        column.nullable = Some(true);
    }
    match (column.data_type, other.data_type) {
        (Some(DataType::Bigint), Some(DataType::Bigint)) => {
            column.precision = column.precision.zip(other.precision).map(|(own, other)| own.max(other));
        }
        (Some(DataType::Timestamp | DataType::Time), _) if column.data_type == other.data_type => {
            // Without a precision a moment has six digits.
            let (own, found) = (column.precision.unwrap_or(6), other.precision.unwrap_or(6));
            if found > own {
                column.precision = other.precision;
            }
        }
        (Some(DataType::Binary), Some(DataType::Binary)) if column.precision != other.precision => {
            column.precision = None;
        }
        (own, found) if own == found && own != Some(DataType::Decimal) => {}
        _ => match whole_and_fraction(column).zip(whole_and_fraction(other)) {
            Some(((whole, scale), (other_whole, other_scale)))
                if whole.max(other_whole) + scale.max(other_scale) <= MOST_DIGITS =>
            {
                let scale = scale.max(other_scale);
                column.data_type = Some(DataType::Decimal);
                column.precision = Some(whole.max(other_whole) + scale);
                column.scale = Some(scale);
            }
            _ if column.data_type == other.data_type => {}
            // Rows whose values go to a variant have none here.
            _ => column.nullable = Some(true),
        },
    }
}

/// Digits before and after the point of a decimal, or of an integer of this many bits.
fn whole_and_fraction(column: &Column) -> Option<(u32, u32)> {
    match column.data_type? {
        DataType::Decimal => {
            let scale = column.scale.unwrap_or(0);
            Some((column.precision?.checked_sub(scale)?, scale))
        }
        DataType::Bigint => Some(match column.precision {
            Some(8) => (3, 0),
            Some(16) => (5, 0),
            Some(32) => (10, 0),
            _ => (19, 0),
        }),
        _ => None,
    }
}

/// Whether a column of integers without sign has some that need the 64th bit.
fn exceeds_bigint(facts: &FileFacts, index: usize) -> Result<bool, NormalizeError> {
    let mut reader = facts.column(index)?;
    while let Some(array) = reader.next_array()? {
        // What cannot be expanded is an error where its values are converted.
        let Ok(array) = expanded(&array) else { return Ok(false) };
        let largest = array.as_primitive_opt::<UInt64Type>().and_then(max);
        if largest.is_some_and(|largest| i64::try_from(largest).is_err()) {
            return Ok(true);
        }
    }
    Ok(false)
}
