//! A dataset in canonical form: made-up ids become positions, and rows have an order of their own.
//!
//! This is `snapshot.py` of the oracle, step by step, so that the two can be read side by side.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap, VecDeque};

use anyhow::Result;
use chrono::{DateTime, NaiveDateTime};
use serde_json::{Map, Value, json};

use super::dataset::{Dataset, seconds};
use super::python_text::compact;

const SYSTEM_TABLES: [&str; 3] = ["_dlt_version", "_dlt_loads", "_dlt_pipeline_state"];
const KEYED_STRATEGIES: [&str; 3] = ["upsert", "insert-only", "cdc"];
/// The columns that link rows: the hint, and the name that they have where no hint stands.
const LINKS: [(&str, &str); 3] =
    [("row_key", "_dlt_id"), ("parent_key", "_dlt_parent_id"), ("root_key", "_dlt_root_id")];
const ROW: usize = 0;
const PARENT: usize = 1;
/// Sorts rows whose parent is not there behind all others.
const NOWHERE: u64 = 1 << 60;

/// Reads a dataset in the form of `expected.json`, with `type` and `is_nullable` for what a column is in the
/// database. `ids` says for which tables row ids are `literal` or `symbolic`.
///
/// # Errors
/// A dataset that cannot be read, or documents in it that are none.
pub(crate) fn snapshot(dataset: &Dataset, ids: &Value) -> Result<Value> {
    let schema = dataset.schema()?;
    let (load_ids, loads) = dataset.loads()?;
    let mut result = json!({
        "schema": schema.as_ref().map(|(_, info)| info.clone()),
        "loads": loads,
        "state": dataset.state()?,
        "row_counts": {},
        "tables": {},
    });
    let Some((document, _)) = schema else { return Ok(result) };
    result["document"] = document.clone();
    let mut tables = Tables::read(dataset, &document, ids, &load_ids)?;
    tables.link();
    tables.put_in_order();
    for name in tables.names.clone() {
        let table = tables.describe(dataset, &name);
        result["row_counts"][&name] = tables.order[&name].len().into();
        result["tables"][&name] = table;
    }
    let known = |table: &&String| document["tables"].get(table.as_str()).is_none();
    let extra: BTreeSet<&String> = dataset.tables.keys().filter(known).collect();
    if !extra.is_empty() {
        result["tables_not_in_schema"] = json!(extra);
    }
    Ok(result)
}

/// A row, split into its own values and its links.
struct Entry {
    table: String,
    links: [Option<String>; 3],
    values: Vec<Value>,
    text: String,
    below: Vec<usize>,
    position: u64,
    signature: OnceCell<String>,
}

struct Tables<'a> {
    document: &'a Value,
    ids: &'a Value,
    /// Whether rows can be merged, which lets the data decide some row ids.
    merges: bool,
    /// Sorted names of the data tables.
    names: Vec<String>,
    columns: HashMap<String, Vec<&'a Map<String, Value>>>,
    /// Where the link columns of a table are.
    links: HashMap<String, [Option<usize>; 3]>,
    entries: Vec<Entry>,
    /// The entries of a table, in canonical order once they are put in order.
    order: HashMap<String, Vec<usize>>,
    by_id: HashMap<(String, String), Vec<usize>>,
}

impl<'a> Tables<'a> {
    fn read(dataset: &Dataset, document: &'a Value, ids: &'a Value, load_ids: &[String]) -> Result<Self> {
        let all = document["tables"].as_object().into_iter().flat_map(Map::keys);
        let mut names: Vec<String> = all
            .filter(|name| !SYSTEM_TABLES.contains(&name.as_str()) && dataset.tables.contains_key(*name))
            .cloned()
            .collect();
        let mut columns = HashMap::new();
        let mut rows = Vec::new();
        for name in &names {
            let of_table = document["tables"][name]["columns"].as_object().into_iter().flat_map(Map::values);
            let of_table: Vec<&Map<String, Value>> = of_table
                .filter_map(Value::as_object)
                .filter(|column| dataset.column(name, text(column, "name")).is_some())
                .collect();
            rows.push((name.clone(), dataset.rows(name, &of_table)?));
            columns.insert(name.clone(), of_table);
        }
        let loads = LoadNumbers::new(load_ids, &rows, &columns);
        names.sort();
        let mut tables = Self {
            document,
            ids,
            merges: dataset.merges(),
            names,
            columns,
            links: HashMap::new(),
            entries: Vec::new(),
            order: HashMap::new(),
            by_id: HashMap::new(),
        };
        for (name, rows) in rows {
            tables.prepare(&name, rows, &loads);
        }
        Ok(tables)
    }

    fn parent(&self, table: &str) -> Option<&'a str> {
        self.document["tables"][table]["parent"].as_str()
    }

    fn known_parent(&self, table: &str) -> Option<&'a str> {
        self.parent(table).filter(|parent| self.columns.contains_key(*parent))
    }

    fn root_of<'b>(&self, table: &'b str) -> &'b str
    where
        'a: 'b,
    {
        let mut table = table;
        while let Some(parent) = self.parent(table) {
            table = parent;
        }
        table
    }

    /// Whether the row ids of the table are fixed by its data, so that they are kept.
    fn keeps_ids(&self, table: &str) -> bool {
        let root = self.root_of(table);
        if let Some(way) = self.ids.get(root) {
            return way == "literal";
        }
        let table = &self.document["tables"][root];
        if table["write_disposition"] != "merge" || !self.merges {
            return false;
        }
        let strategy = table["x-merge-strategy"].as_str().unwrap_or_default();
        if strategy == "scd2" {
            let columns = table["columns"].as_object().into_iter().flat_map(Map::values);
            let version: Vec<&Value> = columns
                .filter(|column| truthy(&column["x-row-version"]))
                .map(|column| &column["name"])
                .collect();
            return version == ["_dlt_id"];
        }
        KEYED_STRATEGIES.contains(&strategy)
    }

    fn prepare(&mut self, name: &str, rows: Vec<Vec<Value>>, loads: &LoadNumbers) {
        let columns = &self.columns[name];
        let links = LINKS.map(|(hint, known)| {
            columns
                .iter()
                .position(|column| column.get(hint).is_some_and(truthy) || text(column, "name") == known)
        });
        let keeps_ids = self.keeps_ids(name);
        let mut order = Vec::with_capacity(rows.len());
        for mut values in rows {
            let raw = links.map(|at| values[at?].as_str().map(str::to_owned));
            for (value, column) in values.iter_mut().zip(columns) {
                loads.replace(value, column);
            }
            for (nth, at) in links.iter().enumerate() {
                if let (Some(at), false) = (at, keeps_ids && nth == ROW) {
                    values[*at] = Value::Null;
                }
            }
            // dlt loses the sign of a zero, which must not change the order of rows.
            let unsigned = |value: &Value| match value.as_f64() {
                Some(zero) if value.is_f64() && zero == 0.0 => json!(0.0),
                _ => value.clone(),
            };
            let text = compact(&Value::Array(values.iter().map(unsigned).collect()));
            if let Some(id) = &raw[ROW] {
                self.by_id.entry((name.to_owned(), id.clone())).or_default().push(self.entries.len());
            }
            order.push(self.entries.len());
            let entry = Entry {
                table: name.to_owned(),
                links: raw,
                values,
                text,
                below: Vec::new(),
                position: 0,
                signature: OnceCell::new(),
            };
            self.entries.push(entry);
        }
        self.links.insert(name.to_owned(), links);
        self.order.insert(name.to_owned(), order);
    }

    fn link(&mut self) {
        for nth in 0..self.entries.len() {
            let entry = &self.entries[nth];
            let (Some(parent), Some(id)) = (self.known_parent(&entry.table), &entry.links[PARENT]) else {
                continue;
            };
            for owner in self.by_id.get(&(parent.to_owned(), id.clone())).cloned().unwrap_or_default() {
                self.entries[owner].below.push(nth);
            }
        }
    }

    /// Text that holds the row and all rows below it: it orders rows whose own values agree.
    fn signature(&self, nth: usize) -> &str {
        let entry = &self.entries[nth];
        entry.signature.get_or_init(|| {
            let mut below: Vec<String> = entry
                .below
                .iter()
                .map(|below| format!("{}:{}", self.entries[*below].table, self.signature(*below)))
                .collect();
            below.sort();
            compact(&json!([entry.text, below]))
        })
    }

    /// Parents first, because the position of a row depends on that of its parent.
    fn put_in_order(&mut self) {
        let roots = self.names.iter().filter(|name| self.known_parent(name).is_none());
        let mut queue: VecDeque<String> = roots.cloned().collect();
        while let Some(name) = queue.pop_front() {
            let mut order = self.order.remove(&name).unwrap_or_default();
            order.sort_by_cached_key(|nth| self.key(&name, *nth));
            for (position, nth) in order.iter().enumerate() {
                self.entries[*nth].position = position as u64;
            }
            queue.extend(self.names.iter().filter(|child| self.known_parent(child) == Some(&name)).cloned());
            self.order.insert(name, order);
        }
    }

    fn key(&self, name: &str, nth: usize) -> (u64, i64, String, String) {
        let entry = &self.entries[nth];
        let (mut position, mut index) = (0, 0);
        if let Some(parent) = self.known_parent(name) {
            position = self.owner(parent, entry.links[PARENT].as_deref()).unwrap_or(NOWHERE);
            let at = self.columns[name].iter().position(|column| text(column, "name") == "_dlt_list_idx");
            index = at.and_then(|at| entry.values[at].as_i64()).unwrap_or(-1);
        }
        (position, index, entry.text.clone(), self.signature(nth).to_owned())
    }

    fn owner(&self, table: &str, id: Option<&str>) -> Option<u64> {
        let found = self.by_id.get(&(table.to_owned(), id?.to_owned()))?;
        found.iter().map(|nth| self.entries[*nth].position).min()
    }

    fn describe(&self, dataset: &Dataset, name: &str) -> Value {
        let columns: Vec<Value> =
            self.columns[name].iter().map(|column| described(dataset, name, column)).collect();
        let rows: Vec<Value> = self.order[name].iter().map(|nth| self.final_row(name, *nth)).collect();
        json!({"columns": columns, "rows": rows})
    }

    fn final_row(&self, name: &str, nth: usize) -> Value {
        let entry = &self.entries[nth];
        let mut values = entry.values.clone();
        for (link, at) in self.links[name].iter().enumerate() {
            let Some(at) = *at else { continue };
            let id = entry.links[link].as_deref();
            if id.is_none() {
                values[at] = Value::Null;
            } else if link == ROW {
                if !self.keeps_ids(name) {
                    values[at] = format!("row#{}", self.owner(name, id).unwrap_or_default()).into();
                }
            } else {
                let target =
                    if link == PARENT { self.parent(name).unwrap_or_default() } else { self.root_of(name) };
                let owner = self.owner(target, id);
                values[at] = owner.map_or("orphan".into(), |owner| format!("{target}#{owner}").into());
            }
        }
        Value::Array(values)
    }
}

/// A column in the form of `expected.json`.
fn described(dataset: &Dataset, table: &str, column: &Map<String, Value>) -> Value {
    let (data_type, db_nullable) =
        dataset.column(table, text(column, "name")).expect("columns of the table only");
    let nullable = column.get("nullable").cloned().unwrap_or(true.into());
    let data_type = if data_type.is_empty() { Value::Null } else { data_type.as_str().into() };
    let mut out = json!({
        "name": column["name"], "dlt_type": column.get("data_type"), "nullable": nullable, "type": data_type,
    });
    if nullable != *db_nullable {
        out["is_nullable"] = (*db_nullable).into();
    }
    for (key, value) in column {
        let told = ["name", "data_type", "nullable", "description"].contains(&key.as_str());
        let default = value.is_null()
            || *value == Value::Bool(false)
            || (key == "timezone" && *value == Value::Bool(true));
        if !told && !default {
            out[key] = value.clone();
        }
    }
    out
}

/// The load ids of the dataset, numbered in order of time.
struct LoadNumbers {
    by_id: HashMap<String, usize>,
    times: Vec<f64>,
}

impl LoadNumbers {
    fn new(
        load_ids: &[String],
        rows: &[(String, Vec<Vec<Value>>)],
        columns: &HashMap<String, Vec<&Map<String, Value>>>,
    ) -> Self {
        let mut known: BTreeSet<String> = load_ids.iter().cloned().collect();
        for (name, rows) in rows {
            let at = columns[name].iter().position(|column| text(column, "name") == "_dlt_load_id");
            let ids = at.into_iter().flat_map(|at| rows.iter().filter_map(move |row| row[at].as_str()));
            known.extend(ids.map(str::to_owned));
        }
        let mut ordered: Vec<String> = known.into_iter().filter(|id| id.parse::<f64>().is_ok()).collect();
        ordered.sort_by(|a, b| seconds(&a.as_str().into()).total_cmp(&seconds(&b.as_str().into())));
        let times = ordered.iter().map(|id| seconds(&id.as_str().into())).collect();
        Self { by_id: ordered.into_iter().enumerate().map(|(nth, id)| (id, nth + 1)).collect(), times }
    }

    fn replace(&self, value: &mut Value, column: &Map<String, Value>) {
        if text(column, "name") == "_dlt_load_id" {
            if let Some(number) = value.as_str().and_then(|id| self.by_id.get(id)) {
                *value = format!("load#{number}").into();
            }
        } else if ["x-valid-from", "x-valid-to"].iter().any(|hint| column.get(*hint).is_some_and(truthy)) {
            self.replace_time(value);
        }
    }

    /// `load_ts#n` where the value is the time of the n-th load.
    fn replace_time(&self, value: &mut Value) {
        let Some(text) = value.as_str() else { return };
        let moment = DateTime::parse_from_rfc3339(text).map(|moment| moment.timestamp_micros());
        let plain = || {
            NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
                .map(|m| m.and_utc().timestamp_micros())
        };
        let Ok(micros) = moment.or_else(|_| plain()) else { return };
        let near = |time: &f64| (micros as f64 / 1e6 - time).abs() < 0.001;
        if let Some(nth) = self.times.iter().position(near) {
            *value = format!("load_ts#{}", nth + 1).into();
        }
    }
}

fn text<'a>(column: &'a Map<String, Value>, key: &str) -> &'a str {
    column.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Python's `bool(value)`, for hints.
fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::String(text) => !text.is_empty(),
        _ => true,
    }
}
