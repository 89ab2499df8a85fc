//! What is at the database after a scenario.

use cartage_destinations_api::{DatasetReader, Destination};

use super::loads::TABLES;
use crate::destination::SqlDestination;
use crate::engine::{SqlEngine, SqlSession};
use crate::statements::ledger;

/// Rows by the load that they come from, and what should not be there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) items: Vec<String>,
    pub(super) tags: Vec<String>,
    pub(super) loads: Vec<String>,
    /// Tables of the dataset that are none of the loads', and all of the staging dataset.
    pub(super) rest: Vec<String>,
}

impl Found {
    pub(super) fn read<E: SqlEngine>(destination: &SqlDestination<E>) -> Self {
        let reader = destination.reader().expect("rows can be read back");
        let known = [TABLES[0], TABLES[1], "_dlt_loads", "_dlt_version"];
        let mut rest = reader.tables().expect("tables can be listed");
        rest.retain(|table| !known.contains(&table.as_str()));
        let session = destination.engine().session().expect("the database can be reached");
        let staging = &destination.engine().datasets().staging;
        if session.has_dataset(staging).expect("datasets can be listed") {
            rest.extend(session.tables(staging).expect("staged tables can be listed"));
            if !session.may_create_datasets().expect("it is known") {
                // It could not be made again, so it stays.
                rest.retain(|table| table != ledger::TABLE);
            }
        }
        Self {
            items: column(reader, "items", "name"),
            tags: column(reader, "items__tags", "value"),
            loads: column(reader, "_dlt_loads", "load_id"),
            rest,
        }
    }
}

/// The values of a column, sorted.
fn column(reader: &dyn DatasetReader, table: &str, column: &str) -> Vec<String> {
    let columns = reader.columns(table).expect("the table is there");
    let nth = columns.iter().position(|(name, _)| name == column).expect("the column is there");
    let rows = reader.rows(table).expect("rows can be read");
    let mut values: Vec<String> =
        rows.into_iter().map(|row| row[nth].clone().unwrap_or_else(|| "null".to_owned())).collect();
    values.sort();
    values
}
