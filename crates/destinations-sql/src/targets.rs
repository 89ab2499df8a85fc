//! Where the rows of a table of the plan go.

use cartage_destinations_api::{
    Chain, Error, FollowUp, LoadKey, LoadPlan, MergeStrategy, ReplaceStrategy, Result, SqlScript, staging,
};
use cartage_schema::Table;

use crate::destination::SqlDestination;
use crate::engine::{Datasets, SqlEngine};
use crate::statements::ddl::Constraints;
use crate::statements::merge::update_by_merge;
use crate::statements::{ChainTable, TableRef, follow_up};
use crate::swap::swaps;

/// Longest name of a table that a load makes for itself, where attempts have tables of their own.
const LONGEST_OWN: usize = 120;

/// A table of a plan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlannedTable<'a> {
    pub(crate) table: &'a Table,
    /// Whether its rows are staged, and it has a column.
    pub(crate) is_staged: bool,
}

/// The tables of the plan, parents first.
pub(crate) fn planned_tables(plan: &LoadPlan) -> Result<Vec<PlannedTable<'_>>> {
    let mut tables = Vec::with_capacity(plan.tables.len());
    for planned in &plan.tables {
        let table = schema_table(plan, &planned.name)?;
        tables.push(PlannedTable { table, is_staged: planned.staged && !table.is_new() });
    }
    Ok(tables)
}

pub(crate) fn schema_table<'a>(plan: &'a LoadPlan, name: &str) -> Result<&'a Table> {
    plan.schema.tables.get(name).ok_or_else(|| not_in_plan(name, &plan.key))
}

/// An error for what should be in the plan and is not.
pub(crate) fn not_in_plan(table: &str, load: &LoadKey) -> Error {
    Error::invalid(format!("table {table} is not part of load {}", load.load_id))
}

/// Whether the rows of a table are merged.
pub(crate) fn is_merged(plan: &LoadPlan, table: &str) -> bool {
    matches!(follow_up_of(plan, table), Some(FollowUp::Merge(_)))
}

fn follow_up_of(plan: &LoadPlan, table: &str) -> Option<FollowUp> {
    let chain = plan.chains.iter().find(|chain| chain.tables.iter().any(|name| name == table));
    chain.map(|chain| chain.follow_up)
}

/// The constraints of a staged table. One that takes the place of its target has the target's.
pub(crate) fn staged_constraints(plan: &LoadPlan, table: &Table, indexes: bool) -> Constraints {
    match follow_up_of(plan, &table.name) {
        Some(FollowUp::Merge(_)) => Constraints::of_merged(table),
        Some(FollowUp::Replace(ReplaceStrategy::StagingOptimized)) => {
            Constraints { not_null: true, unique: indexes }
        }
        _ => Constraints { not_null: true, unique: false },
    }
}

impl<E: SqlEngine> SqlDestination<E> {
    /// Where the rows of a table are written to.
    pub(crate) fn target(&self, plan: &LoadPlan, table: &str) -> Result<TableRef> {
        let planned = plan.table(table).ok_or_else(|| not_in_plan(table, &plan.key))?;
        Ok(if planned.staged { self.staged(&plan.key, table) } else { self.direct(table) })
    }

    /// The table that readers see.
    pub(crate) fn direct(&self, table: &str) -> TableRef {
        TableRef::new(&self.datasets().dataset, table)
    }

    /// The staged twin of `table` for a load.
    pub(crate) fn staged(&self, load: &LoadKey, table: &str) -> TableRef {
        let longest =
            self.dialect().longest_name().unwrap_or(self.engine().capabilities().names.max_identifier_length);
        // There is room for the digits of an attempt where there are any.
        let longest = if self.holds_rows() { longest } else { longest.min(LONGEST_OWN) };
        TableRef::new(&self.datasets().staging, staging::table_name(table, load, longest))
    }

    /// The tables of a chain with their staged twins.
    pub(crate) fn chained<'a>(&self, plan: &'a LoadPlan, chain: &Chain) -> Result<Vec<ChainTable<'a>>> {
        let table = |name: &String| {
            let table = schema_table(plan, name)?;
            let target = self.direct(name);
            let arrivals = self.arrivals(&plan.key, &target);
            Ok(ChainTable { arrivals, target, staged: self.staged(&plan.key, name), table })
        };
        chain.tables.iter().map(table).collect()
    }

    /// The statements of a chain's follow-up; `session` is there when the load runs, not when they are shown.
    pub(crate) fn follow_up_script(
        &self,
        plan: &LoadPlan,
        chain: &Chain,
        tables: &[ChainTable<'_>],
        session: Option<&E::Session<'_>>,
    ) -> Result<SqlScript> {
        if self.ddl_commits() && swaps(chain.follow_up) {
            return Ok(self.swap_script(&plan.key, tables));
        }
        // The engine may have to look at the tables, which other strategies need not pay for.
        let updates = matches!(chain.follow_up, FollowUp::Merge(MergeStrategy::Upsert | MergeStrategy::Cdc));
        let update = if updates { self.engine().update_rows(session, tables)? } else { update_by_merge };
        follow_up(self.dialect(), chain.follow_up, tables, plan.created_micros(), update)
    }

    /// Refuses names that the database would cut off: two of them could become one.
    pub(crate) fn check_names(&self, plan: &LoadPlan) -> Result<()> {
        let Some(longest) = self.dialect().longest_name() else { return Ok(()) };
        let database = self.engine().description().destination_type;
        let too_long = |what: &str, name: &str| {
            Error::terminal(format!(
                "{what} {name} has {} bytes, and {database} keeps {longest} of a name",
                name.len()
            ))
            .with_remedy(
                "set max_identifier_length for the destination to a smaller number, or use shorter names",
            )
        };
        let Datasets { dataset, staging } = self.datasets();
        if let Some(name) = [dataset, staging].into_iter().find(|name| name.len() > longest) {
            return Err(too_long("dataset", name));
        }
        for table in plan.tables.iter().filter_map(|planned| plan.schema.tables.get(&planned.name)) {
            if table.name.len() > longest {
                return Err(too_long("table", &table.name));
            }
            if let Some(column) = table.complete_columns().find(|column| column.name.len() > longest) {
                return Err(too_long(&format!("table {}: column", table.name), &column.name));
            }
        }
        Ok(())
    }
}
