//! A frozen table, column or type that the data does not keep to.

use std::fmt;
use std::sync::Arc;

use cartage_schema::{ContractEntity, DataType};

use crate::input_place::place_of;

/// Characters of the example value that the message shows.
const EXAMPLE_CHARS: usize = 120;

/// Something that a contract has frozen and a row would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrozenChange {
    /// Name of the table, as in the schema.
    pub table: Arc<str>,
    /// The column; `None` if it is the table that is new.
    pub column: Option<Arc<str>>,
    /// The entity of the contract.
    pub entity: ContractEntity,
    /// The type that the column would have, or its variant.
    pub data_type: Option<DataType>,
    /// The type that the column has, where it has one.
    pub known_type: Option<DataType>,
    /// The value, or the row of a new table, as JSON.
    pub value: Option<String>,
}

impl fmt::Display for FrozenChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, column, entity, data_type, known_type, .. } = self;
        let Some(column) = column else { return write!(f, "table `{table}` is new, but tables are frozen") };
        let new = data_type.map_or("", DataType::as_str);
        match (entity, known_type) {
            (ContractEntity::DataType, Some(known)) => {
                write!(
                    f,
                    "column `{column}` of table `{table}` is {known}, but the value is {new} and the data types are frozen"
                )
            }
            (ContractEntity::DataType, None) => {
                write!(
                    f,
                    "column `{column}` of table `{table}` would become {new}, but the data types are frozen"
                )
            }
            _ => write!(f, "column `{column}` ({new}) of table `{table}` is new, but columns are frozen"),
        }
    }
}

/// Data broke a contract. Nothing of the package was normalized.
#[derive(Clone, Debug)]
pub struct RowContractError {
    /// The schema, which has the name of the source.
    pub schema: String,
    /// The resource whose rows these are.
    pub resource: Option<String>,
    /// What is frozen, with the value that would change it.
    pub frozen: FrozenChange,
    /// The extracted file.
    pub file: String,
    /// Number of the row in that file, from 1.
    pub row: u64,
    /// File and line of the source, where it has such.
    pub source: Option<(String, u64)>,
}

impl RowContractError {
    /// How to allow it, in one line.
    pub fn hint(&self) -> String {
        let entity = self.frozen.entity;
        let at = match &self.resource {
            Some(resource) => format!("resource \"{resource}\" of source \"{}\"", self.schema),
            None => format!("source \"{}\"", self.schema),
        };
        format!(
            "to allow it, set schema_contract = {{ {entity} = \"evolve\" }} for {at} (or \"discard_row\" or \
             \"discard_value\" to load the rest; a contract in [pipeline] wins over all others), then run again: \
             the extracted package stays pending. A contract that is only deleted stays in force, because the \
             schema keeps it."
        )
    }
}

impl fmt::Display for RowContractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { schema, resource, frozen, file, row, source } = self;
        write!(f, "contract broken in source `{schema}`")?;
        if let Some(resource) = resource {
            write!(f, ", resource `{resource}`")?;
        }
        write!(f, ": {frozen}; first in {}", place_of(source.as_ref(), file, *row))?;
        match &frozen.value {
            Some(value) => write!(f, ", for example {}", shortened(value)),
            None => Ok(()),
        }
    }
}

impl std::error::Error for RowContractError {}

fn shortened(value: &str) -> String {
    match value.char_indices().nth(EXAMPLE_CHARS) {
        Some((end, _)) => format!("{} ...", &value[..end]),
        None => value.to_owned(),
    }
}
