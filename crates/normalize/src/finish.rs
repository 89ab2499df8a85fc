//! What is noted about tables and checked when all rows of a package are through.

use std::collections::{BTreeMap, BTreeSet};

use cartage_schema::{Schema, Table};

use crate::error::NormalizeError;
use crate::merge::Finished;
use crate::report::NormalizeReport;

/// The schema after the package, and what the package added to it.
pub(crate) struct FinalSchema {
    pub(crate) schema: Schema,
    pub(crate) update: BTreeMap<String, Table>,
}

/// Notes on the tables that got files that they have data, and checks that no column of theirs is missing.
///
/// # Errors
/// [`NormalizeError::UnboundColumn`] if a column that must not be null has no type.
pub(crate) fn finalize(
    finished: Finished,
    before: &Schema,
    written: &BTreeSet<String>,
    report: &mut NormalizeReport,
) -> Result<FinalSchema, NormalizeError> {
    let Finished { mut schema, update, null_columns } = finished;
    for name in written {
        let Some(table) = schema.tables.get_mut(name) else { continue };
        for column in table.incomplete_columns() {
            if !column.is_nullable() {
                return Err(NormalizeError::UnboundColumn {
                    table: name.clone(),
                    column: column.name.clone(),
                });
            }
            let is_null = null_columns.get(name).is_some_and(|columns| columns.contains(&column.name));
            if !is_null {
                report.unbound_columns.entry(name.clone()).or_default().push(column.name.clone());
            }
        }
        table.set_evolve_columns_once(false);
        table.set_seen_data();
    }
    schema.bump();
    for (name, table) in &update {
        if before.is_new_table(name) {
            report.new_tables.push(name.clone());
        }
        report.new_columns.insert(name.clone(), table.columns.keys().cloned().collect());
    }
    report.null_columns =
        null_columns.into_iter().map(|(table, columns)| (table, columns.into_iter().collect())).collect();
    Ok(FinalSchema { schema, update: update.into_iter().collect() })
}
