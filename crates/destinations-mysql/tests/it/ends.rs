//! A process that ends after any statement of a load: the load that is repeated, or another one that takes
//! over, gives the rows of one that nobody disturbed.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use cartage_destinations_api::{
    Chain, ColumnRef, Destination, FileFormat, FollowUp, JobFile, LoadCommit, LoadPlan, LoadStatus,
    MergeStrategy, ReplaceStrategy, Result, TablePlan,
};
use cartage_destinations_mysql::engine;
use cartage_destinations_sql::SqlDestination;
use cartage_destinations_sql::faults::{Faults, Faulty, for_each_end};
use cartage_schema::{Column, DataType, NamingKind, Schema, Table};
use tempfile::TempDir;

use crate::util::{Dataset, connect, plain, plan_of, write_parquet};

const TABLES: [&str; 2] = ["items", "items__tags"];

/// What the second load does with the rows of the first one.
#[derive(Clone, Copy, Debug)]
enum Second {
    Append,
    Truncate,
    Staged(FollowUp),
    /// Drops the tables first.
    Refresh,
    /// Gives a column a wider type, and the table a new column that must not be null.
    Widen,
}

/// Files of one load.
struct Files {
    folder: TempDir,
}

impl Files {
    /// Two items with a tag each; their keys are `ids`.
    fn of(load_id: &str, ids: [i64; 2], second: Second) -> Self {
        let folder = TempDir::new().unwrap();
        let texts = |texts: [String; 2]| -> ArrayRef { Arc::new(StringArray::from(texts.to_vec())) };
        // Of rows that are appended no two have the same key; merges find them by theirs.
        let is_merged = matches!(second, Second::Staged(FollowUp::Merge(_)));
        let keys = ids.map(|id| if is_merged { format!("{id}") } else { format!("{id} of {load_id}") });
        let mut items = vec![
            ("id", Arc::new(Int64Array::from(ids.to_vec())) as ArrayRef),
            ("name", texts(ids.map(|id| format!("{id} of {load_id}")))),
            ("_dlt_load_id", texts([load_id, load_id].map(str::to_owned))),
            ("_dlt_id", texts(keys.clone())),
        ];
        if matches!(second, Second::Widen) {
            items.push(("extra", Arc::new(Int64Array::from(vec![Some(1), Some(2)]))));
        }
        write_parquet(&folder.path().join("items.parquet"), items);
        let tags = vec![
            ("value", texts(ids.map(|id| format!("tag {id} of {load_id}")))),
            ("_dlt_parent_id", texts(keys.clone())),
            ("_dlt_id", texts(keys.map(|key| format!("{key} 0")))),
        ];
        write_parquet(&folder.path().join("items__tags.parquet"), tags);
        Self { folder }
    }

    fn jobs(&self) -> [JobFile; 2] {
        TABLES.map(|table| {
            let path: PathBuf = self.folder.path().join(format!("{table}.parquet"));
            JobFile::new(format!("{table}.parquet"), table, path, FileFormat::Parquet)
        })
    }
}

fn schema(id: u32, with_extra: bool) -> Schema {
    let text = |name, nullable| Column::typed(name, DataType::Text, nullable);
    let row_key = || Column { row_key: Some(true), unique: Some(true), ..text("_dlt_id", false) };
    let id = Column {
        primary_key: Some(true),
        precision: Some(id),
        ..Column::typed("id", DataType::Bigint, false)
    };
    let mut items = Table::root("items", "items")
        .with_column(id)
        .with_column(text("name", true))
        .with_column(text("_dlt_load_id", false))
        .with_column(row_key());
    if with_extra {
        items = items.with_column(Column::typed("extra", DataType::Bigint, true));
    }
    let tags = Table::nested("items__tags", "items")
        .with_column(text("value", true))
        .with_column(Column { parent_key: Some(true), ..text("_dlt_parent_id", false) })
        .with_column(row_key());
    let mut schema = Schema::new("shop", NamingKind::SnakeCase).unwrap();
    for table in [items, tags] {
        schema.tables.insert(table.name.clone(), table);
    }
    schema
}

fn plan(load_id: &str, second: Second) -> LoadPlan {
    let grows = matches!(second, Second::Widen);
    let mut plan = plan_of(schema(if grows { 64 } else { 16 }, grows), load_id);
    plan.tables = ["_dlt_version", "_dlt_loads"].map(TablePlan::direct).to_vec();
    plan.jobs = TABLES.map(|table| format!("{table}.parquet")).to_vec();
    let names = TABLES.map(str::to_owned).to_vec();
    let is_staged = matches!(second, Second::Staged(_));
    plan.tables.extend(
        names.iter().map(|name| if is_staged { TablePlan::staged(name) } else { TablePlan::direct(name) }),
    );
    match second {
        Second::Append => {}
        Second::Truncate => plan.truncate = names,
        Second::Refresh => plan.drop = names.into_iter().rev().collect(),
        Second::Staged(follow_up) => plan.chains = vec![Chain::new("items", names, follow_up)],
        Second::Widen => {
            plan.widen = vec![ColumnRef { table: "items".to_owned(), column: "id".to_owned() }];
        }
    }
    plan
}

/// Runs a load to its end, from wherever it is.
fn load(destination: &dyn Destination, plan: &LoadPlan, files: &Files) -> Result<()> {
    if destination.load_status(&plan.key)? == LoadStatus::Complete {
        return Ok(());
    }
    destination.prepare_load(plan)?;
    for job in files.jobs() {
        destination.open_job(plan, &job)?.run()?;
    }
    for chain in &plan.chains {
        destination.staging().unwrap().open_follow_up(plan, chain)?.run()?;
    }
    destination.complete_load(&LoadCommit::of(plan, 5))
}

/// The items and tags with the load that they come from, and what else is at the server.
fn found(dataset: &Dataset) -> String {
    let name = &dataset.name;
    let column = |table, column| {
        format!(
            "(SELECT COALESCE(GROUP_CONCAT({column} ORDER BY 1 SEPARATOR ', '), '') FROM `{name}`.{table})"
        )
    };
    let (items, tags, loads) =
        (column("items", "name"), column("items__tags", "value"), column("_dlt_loads", "load_id"));
    dataset.server.sql(&format!(
        "SELECT CONCAT('items ', {items}, '; tags ', {tags}, '; loads ', {loads}, '; rest ', \
         (SELECT COALESCE(GROUP_CONCAT(table_schema, '.', table_name), '') FROM information_schema.tables \
         WHERE table_schema LIKE '{name}%' \
         AND table_name NOT IN ('items', 'items__tags', '_dlt_loads', '_dlt_version')), '; datasets ', \
         (SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name LIKE '{name}%'))"
    ))
}

/// Ends the second load everywhere, and lets `third` go on: the same load or another one.
fn try_ends(second: Second, takes_over: bool, expected: impl Fn(&[&str]) -> Vec<String>) {
    let grows = matches!(second, Second::Widen);
    let first_files = Files::of("1.5", [1, 2], if grows { Second::Append } else { second });
    let second_files = ["2.5", "3.5"].map(|load_id| Files::of(load_id, [2, 3], second));
    let first = plan("1.5", Second::Append);
    let ends = for_each_end(|faults: Arc<Faults>| {
        let dataset = Dataset::new("ends");
        load(&connect(&dataset, &plain(&dataset)), &first, &first_files).unwrap();
        let plans = ["2.5", "3.5"].map(|load_id| plan(load_id, second));
        let engine = engine(&dataset.request(&plain(&dataset))).unwrap();
        let ended = SqlDestination::new(Faulty::new(engine, Arc::clone(&faults)));
        let result = load(&ended, &plans[0], &second_files[0]);
        // What tidies up after the commit may fail without anybody hearing of it.
        assert!(result.is_ok() || faults.have_struck(), "{result:?}");
        drop(ended);
        let destination = connect(&dataset, &plain(&dataset));
        let mut loads = vec!["1.5"];
        let is_complete = destination.load_status(&plans[0].key).unwrap() == LoadStatus::Complete;
        if !takes_over || is_complete {
            loads.push("2.5");
        }
        if takes_over {
            loads.push("3.5");
        }
        let nth = usize::from(takes_over);
        load(&destination, &plans[nth], &second_files[nth])
            .unwrap_or_else(|error| panic!("{second:?}, {faults:?}: {error:?}"));
        if is_complete {
            // The next load tidies up.
            let mut next = plan_of(schema(16, grows), "9.5");
            next.tables = ["_dlt_version", "_dlt_loads"].map(TablePlan::direct).to_vec();
            destination.prepare_load(&next).unwrap();
            destination.complete_load(&LoadCommit::of(&next, 6)).unwrap();
        }
        let [items, tags] = ["", "tag "].map(|prefix| {
            let mut rows: Vec<String> = expected(&loads).iter().map(|row| format!("{prefix}{row}")).collect();
            rows.sort();
            rows.join(", ")
        });
        loads.extend(is_complete.then_some("9.5"));
        let loads = loads.join(", ");
        assert_eq!(
            found(&dataset),
            format!("items {items}; tags {tags}; loads {loads}; rest ; datasets 1"),
            "{second:?}, {faults:?}"
        );
    });
    assert!(ends > 15, "{ends} ends only");
}

/// The rows of `load`, for the keys.
fn of(load: &str, ids: &[i64]) -> Vec<String> {
    ids.iter().map(|id| format!("{id} of {load}")).collect()
}

fn appended(loads: &[&str]) -> Vec<String> {
    let later = loads[1..].iter().flat_map(|load| of(load, &[2, 3]));
    of("1.5", &[1, 2]).into_iter().chain(later).collect()
}

fn replaced(loads: &[&str]) -> Vec<String> {
    of(loads.last().unwrap(), &[2, 3])
}

fn merged(loads: &[&str]) -> Vec<String> {
    [of("1.5", &[1]), of(loads.last().unwrap(), &[2, 3])].concat()
}

#[test]
fn an_append_that_ends_anywhere_loses_and_doubles_nothing() {
    try_ends(Second::Append, false, appended);
    try_ends(Second::Append, true, appended);
}

#[test]
fn a_growing_table_that_is_loaded_until_anywhere_grows_once() {
    try_ends(Second::Widen, false, appended);
    try_ends(Second::Widen, true, appended);
}

#[test]
fn a_replace_that_empties_first_and_ends_anywhere_loses_and_doubles_nothing() {
    try_ends(Second::Truncate, false, replaced);
    try_ends(Second::Truncate, true, replaced);
}

#[test]
fn a_refresh_that_ends_anywhere_drops_once() {
    try_ends(Second::Refresh, false, replaced);
    try_ends(Second::Refresh, true, replaced);
}

#[test]
fn a_replace_from_staged_rows_that_ends_anywhere_loses_and_doubles_nothing() {
    let staged = Second::Staged(FollowUp::Replace(ReplaceStrategy::InsertFromStaging));
    try_ends(staged, false, replaced);
    try_ends(staged, true, replaced);
}

#[test]
fn tables_that_are_swapped_until_anywhere_are_swapped_once() {
    let swapped = Second::Staged(FollowUp::Replace(ReplaceStrategy::StagingOptimized));
    try_ends(swapped, false, replaced);
    try_ends(swapped, true, replaced);
}

#[test]
fn a_merge_by_deletion_that_ends_anywhere_loses_and_doubles_nothing() {
    let staged = Second::Staged(FollowUp::Merge(MergeStrategy::DeleteInsert));
    try_ends(staged, false, merged);
    try_ends(staged, true, merged);
}

#[test]
fn an_upsert_that_ends_anywhere_loses_and_doubles_nothing() {
    let staged = Second::Staged(FollowUp::Merge(MergeStrategy::Upsert));
    try_ends(staged, false, merged);
    try_ends(staged, true, merged);
}
