//! Gives columns that are there the wider types that the schema of a load has for them.

use super::dialect::{Dialect, TableRef};
use cartage_destinations_api::LoadPlan;
use cartage_destinations_api::SqlScript;
use cartage_destinations_api::{Error, Result};

/// The statements for `plan.widen`; none where nothing is widened.
///
/// # Errors
/// Invalid if the schema has no such column with a type; terminal if the database has no such type.
pub fn widen(dialect: &dyn Dialect, dataset: &str, plan: &LoadPlan) -> Result<SqlScript> {
    let mut script = SqlScript::default();
    for place in &plan.widen {
        let table = plan.schema.tables.get(&place.table);
        let column = table.and_then(|table| table.columns.get(&place.column));
        let column = column.filter(|column| column.is_complete()).ok_or_else(|| {
            Error::invalid(format!(
                "column {} of table {} is to be widened, but schema {} has none with a type",
                place.column, place.table, plan.schema.name
            ))
        })?;
        let sql = dialect
            .set_type(&TableRef::new(dataset, &place.table), column)
            .map_err(|error| error.context(format!("column {} of table {}", place.column, place.table)))?;
        script.push(format!("widen {} of table {}", place.column, place.table), sql);
    }
    Ok(script)
}
