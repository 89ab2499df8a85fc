//! dlt and this destination take turns on one dataset: state, schema and keys that one left are those that the other
//! one goes on with.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
use cartage_destinations_api::{
    Chain, Destination, FileFormat, FollowUp, JobFile, LoadCommit, LoadPlan, MergeStrategy, TablePlan,
};
use cartage_destinations_mysql::Mysql;
use cartage_destinations_sql::testing::{plan_of, write_parquet};
use cartage_schema::Schema;
use cartage_test_support::dlt_python;
use serde_json::json;
use tempfile::TempDir;

use crate::util::{Dataset, connect};

const TABLES: [&str; 2] = ["items", "items__tags"];

fn dlt(dataset: &Dataset, machine: &Path, ids: &[&str]) {
    let recipe = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/dlt/items.py");
    let mut command = Command::new(dlt_python());
    command.arg(recipe).arg(dataset.server.url()).arg(&dataset.name).arg(machine).args(ids);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Merges items with the schema that dlt has stored, as a load of our own.
fn merge(mysql: &Mysql, load_id: &str, ids: [i64; 2]) {
    let stored = mysql.state_sync().unwrap().newest_schema("shop").unwrap().unwrap();
    let mut plan = plan_of(Schema::from_json(&stored.document).unwrap(), load_id);
    let names = TABLES.map(str::to_owned).to_vec();
    plan.tables = ["_dlt_version", "_dlt_loads", "_dlt_pipeline_state"].map(TablePlan::direct).to_vec();
    plan.tables.extend(names.iter().map(TablePlan::staged));
    plan.chains = vec![Chain::new("items", names.clone(), FollowUp::Merge(MergeStrategy::DeleteInsert))];
    plan.jobs = names;
    let prepared = mysql.prepare_load(&plan).unwrap();
    assert!(prepared.created.is_empty() && prepared.added.is_empty(), "{prepared:?}");
    let folder = TempDir::new().unwrap();
    load(mysql, &plan, &folder, "items", items(load_id, ids));
    load(mysql, &plan, &folder, "items__tags", tags(ids));
    mysql.staging().unwrap().open_follow_up(&plan, &plan.chains[0]).unwrap().run().unwrap();
    mysql.complete_load(&LoadCommit::of(&plan, 5)).unwrap();
}

fn load(mysql: &Mysql, plan: &LoadPlan, folder: &TempDir, table: &str, columns: Vec<(&str, ArrayRef)>) {
    let path = folder.path().join(table);
    write_parquet(&path, columns);
    let job = JobFile::new(table, table, &path, FileFormat::Parquet);
    mysql.open_job(plan, &job).unwrap().run().unwrap();
}

fn texts(texts: [String; 2]) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(texts))
}

fn items(load_id: &str, ids: [i64; 2]) -> Vec<(&'static str, ArrayRef)> {
    vec![
        ("id", Arc::new(Int64Array::from(ids.to_vec()))),
        ("name", texts(ids.map(|id| format!("ours {id}")))),
        ("price", Arc::new(Float64Array::from(vec![0.5, 0.75]))),
        ("_dlt_load_id", texts([load_id, load_id].map(str::to_owned))),
        ("_dlt_id", texts(ids.map(|id| format!("{load_id} {id}")))),
    ]
}

fn tags(ids: [i64; 2]) -> Vec<(&'static str, ArrayRef)> {
    let keys = ids.map(|id| format!("2000000000.5 {id}"));
    vec![
        ("word", texts(ids.map(|id| format!("our tag {id}")))),
        ("_dlt_root_id", texts(keys.clone())),
        ("_dlt_parent_id", texts(keys.clone())),
        ("_dlt_list_idx", Arc::new(Int64Array::from(vec![0, 0]))),
        ("_dlt_id", texts(keys.map(|key| format!("{key} tag")))),
    ]
}

/// Names of the items with the words below them, in the order of their keys.
fn found(dataset: &Dataset) -> String {
    let name = &dataset.name;
    dataset.server.sql(&format!(
        "SELECT GROUP_CONCAT(i.name, ': ', t.word ORDER BY i.id SEPARATOR '; ') FROM `{name}`.items i \
         JOIN `{name}`.items__tags t ON t._dlt_parent_id = i._dlt_id"
    ))
}

#[test]
fn what_dlt_began_is_continued_and_goes_on_with_dlt() {
    let dataset = Dataset::new("handover");
    let machines = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    dlt(&dataset, machines[0].path(), &["1", "2"]);
    let mysql = connect(&dataset, &json!({}));
    let state = mysql.state_sync().unwrap().newest_state("shop").unwrap().unwrap();
    assert!(state.version > 0 && !state.encoded.is_empty(), "{state:?}");
    merge(&mysql, "2000000000.5", [2, 3]);
    assert_eq!(found(&dataset), "dlt 1: tag 1; ours 2: our tag 2; ours 3: our tag 3");
    // Another machine finds the state of the first one: it loads only what is new since.
    dlt(&dataset, machines[1].path(), &["1", "2", "3", "4"]);
    assert_eq!(found(&dataset), "dlt 1: tag 1; ours 2: our tag 2; dlt 3: tag 3; dlt 4: tag 4");
    assert_eq!(mysql.reader().unwrap().count("_dlt_loads").unwrap(), 3);
    assert_eq!(mysql.reader().unwrap().count("_dlt_version").unwrap(), 1);
}

#[test]
fn what_was_begun_here_goes_on_with_dlt() {
    let (dataset, other) = (Dataset::new("handover"), Dataset::new("handover"));
    let machine = TempDir::new().unwrap();
    // The schema is dlt's; the tables are ours.
    dlt(&other, machine.path(), &["1"]);
    let document = connect(&other, &json!({})).state_sync().unwrap().newest_schema("shop").unwrap().unwrap();
    let mysql = connect(&dataset, &json!({}));
    let mut plan = plan_of(Schema::from_json(&document.document).unwrap(), "1999999999.5");
    plan.tables = ["_dlt_version", "_dlt_loads", "_dlt_pipeline_state", "items", "items__tags"]
        .map(TablePlan::direct)
        .to_vec();
    mysql.prepare_load(&plan).unwrap();
    mysql.complete_load(&LoadCommit::of(&plan, 5)).unwrap();
    merge(&mysql, "2000000000.5", [2, 3]);
    let machine = TempDir::new().unwrap();
    dlt(&dataset, machine.path(), &["3", "4"]);
    assert_eq!(found(&dataset), "ours 2: our tag 2; dlt 3: tag 3; dlt 4: tag 4");
}
