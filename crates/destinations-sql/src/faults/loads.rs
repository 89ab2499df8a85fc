//! The loads of the scenarios: two items with a tag each.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use cartage_destinations_api::{
    Chain, ColumnRef, Destination, FileFormat, FollowUp, JobFile, LoadCommit, LoadPlan, LoadStatus, Result,
    TablePlan,
};
use cartage_schema::{Column, DataType, NamingKind, Schema, Table};
use tempfile::TempDir;

use super::scenario::Scenario;
use crate::testing::{plan_of, write_parquet};

pub(super) const TABLES: [&str; 2] = ["items", "items__tags"];
const SYSTEM_TABLES: [&str; 2] = ["_dlt_version", "_dlt_loads"];

/// A load with its files.
pub(super) struct Load {
    pub(super) plan: LoadPlan,
    folder: TempDir,
}

impl Load {
    /// Appends the items 1 and 2, which later loads find.
    pub(super) fn first(later: Scenario) -> Self {
        Self::new("1.5", [1, 2], later, Scenario::Append)
    }

    /// What `scenario` does with the items 2 and 3.
    pub(super) fn second(load_id: &str, scenario: Scenario) -> Self {
        Self::new(load_id, [2, 3], scenario, scenario)
    }

    fn new(load_id: &str, ids: [i64; 2], keys: Scenario, scenario: Scenario) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let texts = |texts: [String; 2]| -> ArrayRef { Arc::new(StringArray::from(texts.to_vec())) };
        // Of rows that are appended no two have the same key; merges find them by theirs.
        let is_merged = matches!(keys.follow_up(), Some(FollowUp::Merge(_)));
        let keys = ids.map(|id| if is_merged { format!("{id}") } else { format!("{id} of {load_id}") });
        let mut items = vec![
            ("id", Arc::new(Int64Array::from(ids.to_vec())) as ArrayRef),
            ("name", texts(ids.map(|id| format!("{id} of {load_id}")))),
            ("_dlt_load_id", texts([load_id, load_id].map(str::to_owned))),
            ("_dlt_id", texts(keys.clone())),
        ];
        if scenario.grows() {
            items.push(("extra", Arc::new(Int64Array::from(vec![Some(1), Some(2)]))));
        }
        let tags = vec![
            ("value", texts(ids.map(|id| format!("tag {id} of {load_id}")))),
            ("_dlt_parent_id", texts(keys.clone())),
            ("_dlt_id", texts(keys.map(|key| format!("{key} 0")))),
        ];
        for (table, columns) in TABLES.into_iter().zip([items, tags]) {
            write_parquet(&folder.path().join(file_name(table)), columns);
        }
        Self { plan: plan(load_id, scenario), folder }
    }

    /// Runs the load to its end, from wherever it is.
    pub(super) fn run(&self, destination: &dyn Destination) -> Result<()> {
        let plan = &self.plan;
        if destination.load_status(&plan.key)? == LoadStatus::Complete {
            return Ok(());
        }
        destination.prepare_load(plan)?;
        for table in TABLES {
            let name = file_name(table);
            let path = self.folder.path().join(&name);
            destination.open_job(plan, &JobFile::new(name, table, path, FileFormat::Parquet))?.run()?;
        }
        for chain in &plan.chains {
            let staging = destination.staging().expect("a destination with SQL stages rows");
            staging.open_follow_up(plan, chain)?.run()?;
        }
        destination.complete_load(&LoadCommit::of(plan, plan.now_micros + 1))
    }
}

fn file_name(table: &str) -> String {
    format!("{table}.parquet")
}

/// Runs a load without rows, which removes what another one has left.
pub(super) fn tidy(destination: &dyn Destination, load_id: &str, scenario: Scenario) -> Result<()> {
    let mut plan = plan_of(schema(scenario), load_id);
    plan.tables = SYSTEM_TABLES.map(TablePlan::direct).to_vec();
    destination.prepare_load(&plan)?;
    destination.complete_load(&LoadCommit::of(&plan, plan.now_micros + 1))
}

fn plan(load_id: &str, scenario: Scenario) -> LoadPlan {
    let mut plan = plan_of(schema(scenario), load_id);
    let names = TABLES.map(str::to_owned).to_vec();
    let is_staged = scenario.follow_up().is_some();
    plan.tables = SYSTEM_TABLES.map(TablePlan::direct).to_vec();
    plan.tables.extend(
        names.iter().map(|name| if is_staged { TablePlan::staged(name) } else { TablePlan::direct(name) }),
    );
    plan.jobs = TABLES.map(file_name).to_vec();
    match scenario {
        Scenario::Truncate => plan.truncate = names,
        Scenario::Refresh => plan.drop = names.into_iter().rev().collect(),
        Scenario::Widen => {
            plan.widen = vec![ColumnRef { table: "items".to_owned(), column: "id".to_owned() }];
        }
        _ => plan.chains.extend(scenario.follow_up().map(|todo| Chain::new("items", names, todo))),
    }
    plan
}

fn schema(scenario: Scenario) -> Schema {
    let text = |name, nullable| Column::typed(name, DataType::Text, nullable);
    let row_key = || Column { row_key: Some(true), unique: Some(true), ..text("_dlt_id", false) };
    let id = Column {
        primary_key: Some(true),
        precision: Some(if scenario == Scenario::Widen { 64 } else { 16 }),
        ..Column::typed("id", DataType::Bigint, false)
    };
    let mut items = Table::root("items", "items")
        .with_column(id)
        .with_column(text("name", true))
        .with_column(text("_dlt_load_id", false))
        .with_column(row_key());
    if scenario.grows() {
        items = items.with_column(Column::typed("extra", DataType::Bigint, true));
    }
    let tags = Table::nested("items__tags", "items")
        .with_column(text("value", true))
        .with_column(Column { parent_key: Some(true), ..text("_dlt_parent_id", false) })
        .with_column(row_key());
    let mut schema = Schema::new("shop", NamingKind::SnakeCase).expect("the name is one");
    for table in [items, tags] {
        schema.tables.insert(table.name.clone(), table);
    }
    schema
}
