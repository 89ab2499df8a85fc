//! What a resource brings although a contract has frozen it, as an error.

use std::fmt;

use cartage_schema::{Column, ContractViolation};

/// Data broke a contract before it was extracted. Nothing was published.
#[derive(Clone, Debug, PartialEq)]
pub struct HintContractError {
    /// Name of the source.
    pub source_name: String,
    /// Name of the resource.
    pub resource: String,
    /// Name of the table, as in the schema.
    pub table: String,
    /// What is frozen, and what it would become.
    pub breach: Box<ContractViolation>,
    /// The first row of a table that is new.
    pub row: Option<String>,
}

impl HintContractError {
    /// How to allow it, in one line.
    pub fn hint(&self) -> String {
        let Self { source_name, resource, breach, .. } = self;
        format!(
            "to allow it, set schema_contract = {{ {} = \"evolve\" }} for resource \"{resource}\" of source \
             \"{source_name}\" (or \"discard_row\" or \"discard_value\" to load the rest; a contract in [pipeline] \
             wins over all others), then run again: nothing was extracted. A contract that is only deleted stays in \
             force, because the schema keeps it.",
            breach.entity
        )
    }
}

impl fmt::Display for HintContractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source_name, resource, table, breach, row } = self;
        write!(f, "contract broken in source `{source_name}`, resource `{resource}`: ")?;
        match (&breach.column, &breach.existing) {
            (None, _) => write!(f, "table `{table}` is new, but tables are frozen")?,
            (Some(column), Some(existing)) => {
                let (name, now, hint) = (&column.name, describe(existing), describe(column));
                write!(
                    f,
                    "column `{name}` of table `{table}` is {now}, the hints of the resource say {hint}, but the data types are frozen"
                )?;
            }
            (Some(column), None) => {
                let (name, hint) = (&column.name, describe(column));
                write!(
                    f,
                    "the hints of the resource add column `{name}` ({hint}) of table `{table}`, but columns are frozen"
                )?;
            }
        }
        match row {
            Some(row) => write!(f, "; its first row is {row}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for HintContractError {}

/// A column as far as contracts care.
fn describe(column: &Column) -> String {
    let mut text = column.data_type.map_or("of no type yet", |data_type| data_type.as_str()).to_owned();
    for (key, number) in [("precision", column.precision), ("scale", column.scale)] {
        if let Some(number) = number {
            text = format!("{text}, {key} {number}");
        }
    }
    match column.nullable {
        Some(false) => text + ", not null",
        _ => text,
    }
}
