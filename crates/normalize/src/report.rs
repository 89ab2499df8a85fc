//! What normalizing a package did.

use std::collections::BTreeMap;
use std::fmt;

use cartage_package_store::LoadId;
use cartage_schema::Discards;
use serde::{Serialize, Serializer};

use crate::notes::{Note, What};

/// What normalizing a package did, for the summary and the trace.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct NormalizeReport {
    /// Load id of the package.
    pub load_id: String,
    /// False if the package had nothing to load and was discarded.
    pub published: bool,
    /// Rows written, by table.
    pub rows: BTreeMap<String, u64>,
    /// Tables that did not exist before.
    pub new_tables: Vec<String>,
    /// Columns that had no type before, by table, in their order.
    pub new_columns: BTreeMap<String, Vec<String>>,
    /// Columns that brought nothing but nulls and therefore do not exist, by table.
    pub null_columns: BTreeMap<String, Vec<String>>,
    /// Hinted columns that never got a type, by table.
    pub unbound_columns: BTreeMap<String, Vec<String>>,
    /// Rows kept apart because they were bad, by table of the file they stood in.
    pub quarantined: BTreeMap<String, u64>,
    /// Keys of one row whose names lead to one column, so that a value was replaced by another.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shared_names: Vec<SharedName>,
    /// Numbers beyond what a double holds, which became null.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nulled_numbers: Vec<NulledNumbers>,
    /// What contracts kept out of the data.
    #[serde(serialize_with = "discarded")]
    pub discards: Discards,
    /// Rows read from extracted files.
    pub input_rows: u64,
    /// Bytes of the rows read, before compression.
    pub input_bytes: u64,
    /// Bytes of the job files written.
    pub output_bytes: u64,
    /// Blocks that were read again because they had taken something for granted that turned out otherwise.
    pub repeated_blocks: u64,
    /// How long it took.
    pub seconds: f64,
}

/// Two keys that lead to one column, or two lists that lead to one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SharedName {
    /// Name of the table, as in the schema.
    pub table: String,
    /// The column; `None` if they are lists, which become rows of the table.
    pub column: Option<String>,
    /// The key whose values were replaced, and the one whose values are in the column.
    pub keys: [String; 2],
    /// How many values were replaced.
    pub values: u64,
    /// File and line of the first.
    pub first: (String, u64),
}

/// Numbers of a column that became null because no double holds them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NulledNumbers {
    /// Name of the table, as in the schema.
    pub table: String,
    /// Name of the column, as in the schema.
    pub column: String,
    /// How many there were.
    pub values: u64,
    /// File and line of the first.
    pub first: (String, u64),
}

impl fmt::Display for SharedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, column, keys: [lost, kept], values, first: (file, line) } = self;
        match column {
            Some(column) => write!(
                f,
                "the keys `{lost}` and `{kept}` both lead to column `{column}` of table `{table}`: {values} values of \
                 `{lost}` were replaced"
            )?,
            None => write!(
                f,
                "the lists `{lost}` and `{kept}` both lead to table `{table}`: {values} lists of `{lost}` were replaced"
            )?,
        }
        write!(f, ", first in {file}, line {line}; rename one of them in the source to keep both")
    }
}

impl fmt::Display for NulledNumbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, column, values, first: (file, line) } = self;
        write!(
            f,
            "{values} numbers in column `{column}` of table `{table}` are larger than a double and became null, first \
             in {file}, line {line}; write them as text in the source to keep them"
        )
    }
}

impl NormalizeReport {
    pub(crate) fn new(load_id: &LoadId) -> Self {
        Self { load_id: load_id.to_string(), ..Self::default() }
    }

    /// Adds what happened to values of a block. `first` is the place where it first did.
    pub(crate) fn note(&mut self, note: &Note, values: u64, first: (String, u64)) {
        let table = note.table.to_string();
        let column = note.column.as_deref().map(str::to_owned);
        match &note.what {
            What::GaveWay(keys) => {
                let is_same =
                    |it: &&mut SharedName| it.table == table && it.column == column && it.keys == *keys;
                match self.shared_names.iter_mut().find(is_same) {
                    Some(known) => known.values += values,
                    None => {
                        self.shared_names.push(SharedName {
                            table,
                            column,
                            keys: keys.clone(),
                            values,
                            first,
                        });
                    }
                }
            }
            What::BeyondDouble => {
                let column = column.unwrap_or_default();
                let is_same = |it: &&mut NulledNumbers| it.table == table && it.column == column;
                match self.nulled_numbers.iter_mut().find(is_same) {
                    Some(known) => known.values += values,
                    None => self.nulled_numbers.push(NulledNumbers { table, column, values, first }),
                }
            }
        }
    }

    /// All rows written.
    pub fn total_rows(&self) -> u64 {
        self.rows.values().sum()
    }
}

fn discarded<S: Serializer>(discards: &Discards, serializer: S) -> Result<S::Ok, S::Error> {
    discards.list().serialize(serializer)
}
