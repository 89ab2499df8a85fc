//! `schema widen`: another type for a column that is there, which holds every value that it has.

use cartage_destinations_api::{Capabilities, Connector};
use cartage_package_store::ColumnPlace;
use cartage_schema::{ColumnType, DecimalDefaults, NotWider, Schema};
use serde::Serialize;

use crate::control::Change;
use crate::error::PipelineError;
use crate::extraction;
use crate::project::Project;

/// Which column gets which type.
#[derive(Clone, Debug)]
pub struct WidenOptions {
    /// The schema; found by the table where it is left out.
    pub schema: Option<String>,
    /// Name of the table, as `schema show` has it.
    pub table: String,
    /// Name of the column, as `schema show` has it.
    pub column: String,
    /// The wider type.
    pub to: ColumnType,
}

/// What a column has become.
#[derive(Clone, Debug, Serialize)]
pub struct Widened {
    /// Name of the schema.
    pub schema: String,
    /// Name of the table, as in the schema.
    pub table: String,
    /// Name of the column, as in the schema.
    pub column: String,
    /// Type of the column before the change.
    pub from: String,
    /// Type of the column after the change.
    pub to: String,
    /// The load that did it; absent where no row was ever loaded into the table.
    pub load_id: Option<String>,
}

impl Project {
    /// Gives a column a wider type at the destination and in the schema, in one load.
    ///
    /// # Errors
    /// If packages are pending, there is no such column, the type could not hold every value of the column, or the
    /// destination cannot change types. Nothing is changed then.
    pub fn widen_column(
        &self,
        options: &WidenOptions,
        connector: Connector<'_>,
    ) -> Result<Widened, PipelineError> {
        let doing = format!("widen column {} of table {}", options.column, options.table);
        let (mut widened, report) =
            self.alone_at_destination(&doing, connector, |alone, destination, run_id, report| {
                let mut state =
                    extraction::state_for(self, self.newest_state()?, &self.configured_schemas())?;
                let names = match &options.schema {
                    Some(name) => vec![cartage_schema::normalize_schema_name(name)],
                    None => state.schema_names().into_iter().map(str::to_owned).collect(),
                };
                let mut schema = self.schema_with(&names, &options.table)?;
                let widened = widen(&mut schema, options, destination.capabilities())?;
                // A package without rows needs the state to be one.
                state.force_extract();
                let place = ColumnPlace { table: options.table.clone(), column: options.column.clone() };
                let is_there =
                    schema.tables.get(&options.table).is_some_and(cartage_schema::Table::has_seen_data);
                let widen = if is_there { vec![place] } else { Vec::new() };
                let change = Change { schema, state, refresh: None, widen };
                alone.execute(self, destination, (&doing, change), run_id, report)?;
                Ok(widened)
            })?;
        widened.load_id = report.packages.first().map(|package| package.load_id.clone());
        Ok(widened)
    }

    /// The one of these schemas that has the table.
    fn schema_with(&self, names: &[String], table: &str) -> Result<Schema, PipelineError> {
        let mut known = Vec::new();
        for name in names {
            let schema = self.base_schema(name)?;
            if schema.tables.contains_key(table) {
                return Ok(schema);
            }
            known.extend(schema.data_tables().map(|table| table.name.clone()));
        }
        let remedy = if known.is_empty() {
            "nothing was loaded yet".to_owned()
        } else {
            format!("there are {}", known.join(", "))
        };
        Err(PipelineError::usage(format!("the pipeline has no table {table}"), remedy))
    }
}

fn widen(
    schema: &mut Schema,
    options: &WidenOptions,
    capabilities: &Capabilities,
) -> Result<Widened, PipelineError> {
    let WidenOptions { table, column, to, .. } = options;
    let columns = &mut schema.tables.get_mut(table).expect("the schema has the table").columns;
    let known: Vec<String> = columns.keys().cloned().collect();
    let found = columns.get_mut(column).ok_or_else(|| {
        PipelineError::usage(
            format!("table {table} has no column {column}"),
            format!("it has {}", known.join(", ")),
        )
    })?;
    if !capabilities.tables.widens_columns {
        return Err(PipelineError::usage(
            format!("{} cannot change the type of a column that already exists", capabilities.destination),
            "leave the column as it is: values that it cannot hold go to a variant column beside it",
        ));
    }
    let defaults = DecimalDefaults {
        decimal: capabilities.values.decimal_precision,
        wei: capabilities.values.wei_precision,
    };
    let from = ColumnType::of(found).map(|known| known.to_string()).unwrap_or_default();
    found.widen(*to, defaults).map_err(|error| refused(&error, table, column))?;
    Ok(Widened {
        schema: schema.name.clone(),
        table: table.clone(),
        column: column.clone(),
        from,
        to: to.to_string(),
        load_id: None,
    })
}

fn refused(error: &NotWider, table: &str, column: &str) -> PipelineError {
    let remedy = match error {
        NotWider::Narrower { .. } => {
            "name a type that holds every value, or drop the table with `cartage drop` and load it again with the \
             other type among its hints"
        }
        _ => "nothing has to be done",
    };
    PipelineError::usage(format!("cannot widen column {column} of table {table}: {error}"), remedy)
}
