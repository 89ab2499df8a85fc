//! All oracle cases that need no destination: what dlt made of the same rows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cartage_normalize::NormalizeError;
use cartage_schema::hints::ResourceHints;
use cartage_schema::{DataType, DefaultHint, Detection, MergeOrigin, NamingKind, Schema};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::harness::{Pipeline, Rows, TableData};

/// Areas in which everything but dispositions happens in normalize.
const AREAS: &[&str] = &["normalize", "types", "naming", "nesting", "hints", "append", "schema-evolution"];

/// Cases of other areas that append or are read after their first run only.
const OTHERS: &[&str] = &["replace-then-append", "sample-slack-messages", "replace-truncate-and-insert"];

/// Cases whose schema depends on what extract notes about resources, which this test does not imitate.
const EXTRACT_DECIDES: &[&str] = &[
    "append-two-resources-one-table",
    "normalize-resource-without-rows",
    "replace-then-append",
    "root-key-not-said-again",
];

/// Values that the destination rounds.
const ROUNDED: &[&str] = &["types-precision-hints"];

#[test]
fn oracle_cases_give_the_tables_schema_and_rows_of_dlt() {
    // Other cases, as the oracle's `generate.py` makes them from random rows, are found where this says.
    let other = std::env::var_os("ORACLE_CASES").map(PathBuf::from);
    let root =
        other.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/oracle/cases"));
    let mut cases: Vec<PathBuf> =
        std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    let differences =
        read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/oracle/differences.json"));
    let mut checked = 0;
    let mut wrong = Vec::new();
    for path in cases {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if std::env::var("CASE").is_ok_and(|wanted| !name.contains(&wanted)) {
            continue;
        }
        let case = read(&path.join("case.json"));
        let area = case["area"].as_str().unwrap();
        if AREAS.contains(&area) || OTHERS.contains(&name.as_str()) {
            checked += 1;
            let mut check = Check { path, name, expected: Value::Null, case, problems: Vec::new() };
            check.run();
            if differences["cases"].get(&check.name).is_some() {
                // By design a value that dlt changes is in a variant. All rows are there, and the list is not stale.
                // What dlt fails to load is not loaded here.
                let ends_in_load = check.expected["runs"]
                    .as_array()
                    .is_some_and(|runs| runs.iter().any(|run| run["error"]["step"] == "load"));
                if check.problems.is_empty() && !ends_in_load {
                    check.problems.push(format!("{} is as in dlt, but listed as different", check.name));
                } else {
                    check.problems.retain(|problem| problem.contains("fail") || problem.contains("orphans"));
                }
            }
            wrong.append(&mut check.problems);
        }
    }
    assert!(wrong.is_empty(), "{} problems in {checked} cases:\n{}", wrong.len(), wrong.join("\n"));
    assert!(checked > 0);
}

struct Check {
    path: PathBuf,
    name: String,
    case: Value,
    expected: Value,
    problems: Vec<String>,
}

impl Check {
    fn run(&mut self) {
        self.expected = read(&self.path.join("expected.json"));
        let mut pipeline = Pipeline::new();
        let settings = self.case["settings"].clone();
        let length = |key: &str| settings[key].as_u64().map(|limit| limit as usize);
        pipeline.settings.destination.max_identifier_length = length("max_identifier_length");
        pipeline.settings.destination.max_column_identifier_length = length("max_column_identifier_length");
        let naming: NamingKind =
            settings["naming_convention"].as_str().unwrap_or("snake_case").parse().unwrap();
        let mut schema = Schema::new("oracle", naming).unwrap();
        let mut appended: BTreeMap<String, TableData> = BTreeMap::new();
        for number in 0..self.case["runs"].as_array().unwrap().len() {
            let run = self.case["runs"][number].clone();
            let limit = length("max_identifier_length");
            let data = self.prepare(&mut schema, &run, limit);
            let mut files: Vec<Rows<'_>> = data.iter().map(|(table, rows)| Rows::of(table, rows)).collect();
            let state = state_row();
            if number == 0 {
                files.push(Rows::of("_dlt_pipeline_state", &state));
            }
            schema.bump();
            let load_id = pipeline.extract(&schema, &files);
            let outcome = pipeline.normalize(&load_id, None);
            let error = self.expected["runs"][number]["error"].clone();
            match (outcome, error["step"].as_str()) {
                (Ok(report), Some("load") | None) if report.published => {
                    schema = pipeline.schema(&load_id);
                    if error.is_null() {
                        self.compare(number, &schema, pipeline.tables(&load_id), &mut appended);
                    }
                }
                (Ok(_), None)
                | (
                    Err(NormalizeError::BadRow(_) | NormalizeError::UnboundColumn { .. }),
                    Some("normalize" | "extract"),
                ) => {}
                (Ok(_), _) => self.problem(number, "should have failed"),
                (Err(error), _) => self.problem(number, &format!("failed: {error}")),
            }
            if !error.is_null() {
                return;
            }
        }
    }

    /// Does with schema and rows what extract does.
    fn prepare(&self, schema: &mut Schema, run: &Value, limit: Option<usize>) -> Vec<(String, String)> {
        let settings = |key: &str| -> Value {
            let own = &run["settings"][key];
            if own.is_null() { self.case["settings"][key].clone() } else { own.clone() }
        };
        let source = settings("source");
        if let Some(levels) = source["max_table_nesting"].as_u64() {
            schema.normalizers.set_max_nesting(Some(levels as u32));
        }
        if let Some(wish) = source["root_key"].as_bool() {
            schema.normalizers.set_root_key_propagation(Some(wish));
        }
        apply_schema_settings(schema, &settings("schema"));
        let naming = schema.naming(limit);
        let mut data: Vec<(String, String)> = Vec::new();
        for resource in self.case["resources"].as_array().unwrap() {
            let name = resource["name"].as_str().unwrap();
            let Some(file) = run["data"][name].as_str() else { continue };
            let rows = std::fs::read_to_string(self.path.join(file)).unwrap();
            let mut keys = resource.as_object().unwrap().clone();
            keys.extend(run["resources"][name].as_object().cloned().unwrap_or_default());
            keys.retain(|key, value| key != "name" && !value.is_null());
            let hints: ResourceHints = serde_json::from_value(Value::Object(keys)).unwrap();
            if rows.is_empty() {
                continue;
            }
            for table in hints.to_tables(name, &naming).unwrap() {
                schema.merge_table(table, MergeOrigin::Resource).unwrap();
            }
            data.push((naming.normalize_table_key(hints.raw_table_name(name)), rows));
        }
        let state = schema.pipeline_state_table();
        schema.merge_table(state, MergeOrigin::Other).unwrap();
        data
    }

    fn compare(
        &mut self,
        run: usize,
        schema: &Schema,
        tables: BTreeMap<String, TableData>,
        appended: &mut BTreeMap<String, TableData>,
    ) {
        let expected = self.expected["runs"][run].clone();
        for (name, expected) in expected["tables"].as_object().unwrap() {
            let columns: Vec<Value> = expected["columns"].as_array().unwrap().iter().map(essence).collect();
            let found: Vec<Value> = match schema.tables.get(name) {
                Some(table) => table
                    .complete_columns()
                    .map(|column| json!(column))
                    .map(|column| stored(&column))
                    .collect(),
                None => Vec::new(),
            };
            if columns != found {
                self.problem(
                    run,
                    &format!("columns of {name}:\n  expected {columns:?}\n  found    {found:?}"),
                );
            }
        }
        let hash = expected["schema"]["version_hash"].as_str().unwrap();
        let decided_elsewhere = EXTRACT_DECIDES.contains(&self.name.as_str());
        if schema.version_hash.as_deref() != Some(hash) && !decided_elsewhere {
            let last = run + 1 == self.expected["runs"].as_array().unwrap().len();
            let detail = if last { self.schema_difference(schema) } else { String::new() };
            self.problem(run, &format!("version_hash {hash}, found {:?} {detail}", schema.version_hash));
        }
        for (name, data) in tables {
            let all = appended.entry(name).or_default();
            all.columns.extend(data.columns);
            all.rows.extend(data.rows);
        }
        let text = self.case.to_string();
        let is_appended = !text.contains("replace") && !text.contains("merge");
        if (is_appended || run == 0) && !ROUNDED.contains(&self.name.as_str()) {
            self.compare_rows(run, &expected, appended);
        }
    }

    fn compare_rows(&mut self, run: usize, expected: &Value, found: &BTreeMap<String, TableData>) {
        let empty = TableData::default();
        for (name, expected) in expected["tables"].as_object().unwrap() {
            let columns: Vec<&str> = expected["columns"]
                .as_array()
                .unwrap()
                .iter()
                .map(|column| column["name"].as_str().unwrap())
                .collect();
            let types: Vec<&str> = expected["columns"]
                .as_array()
                .unwrap()
                .iter()
                .map(|column| column["dlt_type"].as_str().unwrap())
                .collect();
            let literal = self.case["ids"][name] == "literal";
            let kept = |column: &str| {
                !(column.starts_with("_dlt") && column != "_dlt_list_idx") || (literal && column == "_dlt_id")
            };
            let expected_rows = expected["rows"].as_array().unwrap().iter().map(|row| {
                let cells = row.as_array().unwrap().iter().zip(&columns).zip(&types);
                cells
                    .filter(|((_, column), _)| kept(column))
                    .map(|((cell, _), kind)| plain(cell, kind))
                    .collect::<Vec<Value>>()
            });
            let table = found.get(name).unwrap_or(&empty);
            let found_rows = table.rows.iter().map(|row| {
                let cells = columns.iter().zip(&types).filter(|(column, _)| kept(column));
                cells
                    .map(|(column, kind)| plain(row.get(*column).unwrap_or(&Value::Null), kind))
                    .collect::<Vec<Value>>()
            });
            let (expected_rows, found_rows) = (sorted(expected_rows), sorted(found_rows));
            if expected_rows != found_rows {
                let difference =
                    expected_rows.iter().zip(&found_rows).find(|(expected, found)| expected != found);
                self.problem(
                    run,
                    &format!(
                        "rows of {name}: {} expected, {} found, first difference {difference:?}",
                        expected_rows.len(),
                        found_rows.len(),
                    ),
                );
            }
            self.compare_links(run, name, found);
        }
    }

    /// Ids are unique, and rows of nested tables hang below rows that exist.
    fn compare_links(&mut self, run: usize, name: &str, found: &BTreeMap<String, TableData>) {
        let Some(table) = found.get(name) else { return };
        let ids: BTreeSet<&str> = table.rows.iter().filter_map(|row| row.get("_dlt_id")?.as_str()).collect();
        if ids.len() != table.rows.len() && self.case["naming_convention"].is_null() {
            self.problem(run, &format!("{} ids for {} rows of {name}", ids.len(), table.rows.len()));
        }
        let parents: BTreeSet<&str> =
            table.rows.iter().filter_map(|row| row.get("_dlt_parent_id")?.as_str()).collect();
        let known: BTreeSet<&str> = found
            .iter()
            .filter(|(parent, _)| name.starts_with(parent.as_str()) || name.len() >= 20)
            .flat_map(|(_, table)| table.rows.iter().filter_map(|row| row.get("_dlt_id")?.as_str()))
            .collect();
        if !parents.is_subset(&known) {
            self.problem(run, &format!("orphans in {name}"));
        }
    }

    /// What differs between the stored schema and ours.
    fn schema_difference(&self, schema: &Schema) -> String {
        let expected = read(&self.path.join("schema.json"));
        let found: Value = serde_json::from_str(&schema.to_json()).unwrap();
        let mut differences = Vec::new();
        difference("", &expected, &found, &mut differences);
        differences.retain(|text| !text.starts_with("/version") && !text.starts_with("/previous_hashes"));
        differences.truncate(8);
        format!("\n  {}", differences.join("\n  "))
    }

    fn problem(&mut self, run: usize, text: &str) {
        self.problems.push(format!("{} run {}: {text}", self.name, run + 1));
    }
}

fn difference(path: &str, expected: &Value, found: &Value, all: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            let keys: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
            for key in keys {
                let (expected, found) =
                    (expected.get(key).unwrap_or(&Value::Null), found.get(key).unwrap_or(&Value::Null));
                difference(&format!("{path}/{key}"), expected, found, all);
            }
            if path.ends_with("/columns") && !expected.keys().eq(found.keys()) {
                all.push(format!(
                    "{path}: order {:?} {:?}",
                    expected.keys().collect::<Vec<_>>(),
                    found.keys().collect::<Vec<_>>()
                ));
            }
        }
        (expected, found) if expected != found => {
            all.push(format!("{path}: expected {expected}, found {found}"));
        }
        _ => {}
    }
}

fn apply_schema_settings(schema: &mut Schema, settings: &Value) {
    let words = |key: &str| settings[key].as_array().cloned().unwrap_or_default();
    for detection in words("add_detections") {
        schema.add_detection(detection.as_str().unwrap().parse::<Detection>().unwrap());
    }
    for detection in words("remove_detections") {
        schema.remove_detection(detection.as_str().unwrap().parse::<Detection>().unwrap());
    }
    let types: IndexMap<String, DataType> =
        serde_json::from_value(or_empty(&settings["preferred_types"])).unwrap();
    if !types.is_empty() {
        schema.merge_preferred_types(&types).unwrap();
    }
    let hints: IndexMap<DefaultHint, Vec<String>> =
        serde_json::from_value(or_empty(&settings["default_hints"])).unwrap();
    if !hints.is_empty() {
        schema.merge_default_hints(&hints).unwrap();
    }
    if let Some(propagation) = settings["propagation"].as_object() {
        schema.merge_propagation(propagation);
    }
}

fn or_empty(value: &Value) -> Value {
    if value.is_null() { json!({}) } else { value.clone() }
}

/// A column of `expected.json` without what the destination made of it.
fn essence(column: &Value) -> Value {
    let mut column = column.as_object().unwrap().clone();
    column.retain(|key, _| !key.starts_with("duckdb") && key != "description");
    sorted_keys(column)
}

/// A column of a schema in the form of `expected.json`.
fn stored(column: &Value) -> Value {
    let mut column = column.as_object().unwrap().clone();
    let data_type = column.shift_remove("data_type").unwrap();
    column.insert("dlt_type".to_owned(), data_type);
    column.entry("nullable").or_insert(json!(true));
    column.retain(|key, value| {
        let default = *value == json!(false) && key != "nullable" || value.is_null();
        !(default || key == "description" || key == "timezone")
    });
    sorted_keys(column)
}

fn sorted_keys(map: Map<String, Value>) -> Value {
    let sorted: BTreeMap<String, Value> = map.into_iter().collect();
    json!(sorted)
}

fn sorted(rows: impl Iterator<Item = Vec<Value>>) -> Vec<Vec<Value>> {
    let mut rows: Vec<(String, Vec<Value>)> = rows.map(|row| (json!(row).to_string(), row)).collect();
    rows.sort_by(|one, other| one.0.cmp(&other.0));
    rows.into_iter().map(|(_, row)| row).collect()
}

fn plain(value: &Value, data_type: &str) -> Value {
    match (data_type, value) {
        ("json", Value::String(text)) => serde_json::from_str(text).unwrap(),
        ("double", Value::Number(number)) if number.as_f64() == Some(0.0) => json!(0.0),
        ("double", Value::Number(number)) => json!(number.as_f64()),
        (_, value) => value.clone(),
    }
}

fn state_row() -> String {
    let row = json!({
        "version": 1, "engine_version": 4, "pipeline_name": "oracle", "state": "x",
        "created_at": "\u{f027}2026-01-01T00:00:00+00:00", "version_hash": "h", "_dlt_load_id": "1",
    });
    format!("{row}\n")
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}
