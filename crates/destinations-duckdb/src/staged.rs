//! The tables that hold rows until the follow-up of their chain.

use std::collections::HashSet;

use cartage_destinations_api::sql::ddl::{self, Constraints};
use cartage_destinations_api::sql::{Dialect, Statement, TableRef};
use cartage_destinations_api::{FollowUp, LoadPlan, Result, staging};
use cartage_schema::Table;

use crate::client::Client;
use crate::schema_sql::DuckDbDialect;
use crate::variant::Variant;

/// The staged twin of `table` for this load.
pub(crate) fn staged(client: &Client, plan: &LoadPlan, table: &str) -> TableRef {
    let name = staging::table_name(table, &plan.key, usize::MAX);
    TableRef::new(&client.config().staging_dataset, name)
}

/// The statements that make the staged twins of `tables`, each with its table's name.
///
/// What is merged is a small part of its table as a rule, and is not compressed: that costs more than
/// anything else about staged rows. A replacement may be large, and would leave a large file behind.
pub(crate) fn create<'t>(
    client: &Client,
    plan: &LoadPlan,
    tables: impl IntoIterator<Item = &'t Table>,
) -> Result<Vec<(TableRef, Statement)>> {
    let merges = plan.chains.iter().filter(|chain| matches!(chain.follow_up, FollowUp::Merge(_)));
    let merged: HashSet<&str> =
        merges.flat_map(|chain| &chain.tables).map(std::string::String::as_str).collect();
    let create = |table: &Table| {
        let target = staged(client, plan, &table.name);
        let is_merged = merged.contains(table.name.as_str());
        let dialect: &dyn Dialect = if is_merged { &Variant::Uncompressed } else { &DuckDbDialect };
        let constraints = if is_merged {
            Constraints::of_merged(table)
        } else {
            Constraints { not_null: true, unique: false }
        };
        let sql = ddl::create_table(dialect, &target, table, constraints)?;
        Ok((target, Statement::new(format!("stage table {}", table.name), sql)))
    };
    tables.into_iter().map(create).collect()
}
