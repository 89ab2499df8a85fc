//! dlt and Cartage take turns on one dataset: the next one restores what the other one left, and the
//! result is that of dlt alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use cartage_test_support::postgres::{shared, unique};
use cartage_tests::binaries::workspace;
use cartage_tests::harness::{Bench, Done, rows};
use cartage_tests::mirror;
use cartage_tests::services::dlt_python;
use cartage_tests::state::decoded;
use duckdb::Connection;
use serde_json::Value;

const STEPS: usize = 4;

/// Who makes a step, and the name of its working folder: the same name is the same machine.
#[derive(Clone, Copy)]
enum Turn {
    Dlt(&'static str),
    Cartage(&'static str),
}

/// What the sources give at a step. All rows of earlier steps come again, so that a cursor that is not
/// restored doubles rows.
fn write_inputs(bench: &Bench, step: usize) -> PathBuf {
    let folder = format!("in{step}");
    let (mut orders, mut events, mut people) = (String::new(), String::new(), String::new());
    for id in 0..step * 3 {
        // Each step changes an order of the step before.
        let made = id / 3 + 1;
        let changed = if id % 3 == 0 && made < step { made + 1 } else { made };
        let items: Vec<String> =
            (0..changed).map(|i| format!(r#"{{"sku": "s{i}", "tags": ["t{id}", "{changed}"]}}"#)).collect();
        let _ = writeln!(
            orders,
            r#"{{"id": {id}, "updated_at": "2024-01-{changed:02}T00:00:0{}Z", "total": {}.5, "items": [{}]}}"#,
            id % 3,
            id * changed,
            items.join(", ")
        );
        let _ = writeln!(people, r#"{{"number": {id}, "name": {{"first": "p{id}"}}}}"#);
    }
    for past in 1..=step {
        // The first event of a step has the time of the last one of the step before.
        for (hour, kind) in [(past - 1, "late"), (past, "one"), (past, "two")] {
            let _ = writeln!(events, r#"{{"id": "{past}-{kind}", "at": "2024-01-01T{hour:02}:00:00Z"}}"#);
        }
    }
    let mut prices = format!("{{\"sku\": \"a\", \"price\": {step}}}\n{{\"sku\": \"b\", \"price\": 7}}\n");
    if (2..4).contains(&step) {
        prices.push_str("{\"sku\": \"c\", \"price\": 9, \"note\": \"new\"}\n");
    }
    for (name, text) in [("orders", orders), ("events", events), ("people", people), ("prices", prices)] {
        bench.write(&format!("{folder}/{name}.jsonl"), text);
    }
    bench.path().join(folder)
}

fn pipeline(bench: &Bench, place: &Place, inputs: &Path) {
    let inputs = inputs.display();
    let (kind, place) = match place {
        Place::File => ("duckdb", "[destination.duckdb]\npath = \"out.duckdb\"\n"),
        Place::Sqlite => ("sqlite", "[destination.sqlite]\npath = \"out.sqlite\"\n"),
        Place::Database(_) => ("postgres", ""),
    };
    bench.write(
        "pipeline.toml",
        format!(
            r#"
[pipeline]
name = "test"
dataset_name = "data"
destination = "{kind}"

{place}
[sources.shop]
type = "files"

[[sources.shop.resources]]
name = "orders"
path = "{inputs}/orders.jsonl"
write_disposition = "merge"
primary_key = "id"
incremental = {{ cursor_path = "updated_at" }}

[[sources.shop.resources]]
name = "prices"
path = "{inputs}/prices.jsonl"
write_disposition = {{ disposition = "merge", strategy = "scd2" }}

[[sources.shop.resources]]
name = "events"
path = "{inputs}/events.jsonl"
write_disposition = "append"
incremental = {{ cursor_path = "at" }}

[sources.crm]
type = "files"

[[sources.crm.resources]]
name = "people"
path = "{inputs}/people.jsonl"
write_disposition = "append"
incremental = {{ cursor_path = "number" }}
"#
        ),
    );
}

/// Where the dataset is.
enum Place {
    /// `out.duckdb` in the folder.
    File,
    /// `out.sqlite` in the folder, with the file of the dataset beside it.
    Sqlite,
    /// A database of the shared server.
    Database(String),
}

impl Place {
    fn database() -> Self {
        let name = unique("dlt");
        shared().psql(&format!("CREATE DATABASE {name}"));
        Self::Database(name)
    }

    /// What the recipe of dlt is told.
    fn address(&self, bench: &Bench) -> String {
        match self {
            Self::File => bench.path().join("out.duckdb").display().to_string(),
            Self::Sqlite => format!("sqlite:///{}", bench.path().join("out.sqlite").display()),
            Self::Database(name) => shared().url_of(name),
        }
    }

    fn open(&self, bench: &Bench) -> Connection {
        match self {
            Self::File => Connection::open(bench.path().join("out.duckdb")).expect("the database opens"),
            Self::Sqlite => mirror::of_sqlite(&bench.path().join("out__data.sqlite")),
            Self::Database(name) => mirror::of_server(&shared(), name, "data"),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Self::Database(name) = self {
            // What could not be dropped is dropped with the server.
            let _ = shared().query(&format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

fn dlt(bench: &Bench, address: &str, folder: &str, inputs: &[PathBuf]) {
    let mut command = Command::new(dlt_python());
    command.arg(workspace().join("fixtures/dlt/shop.py")).arg(address);
    command.arg(bench.path().join(folder)).args(inputs).current_dir(bench.path());
    let output = command.output().expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn cartage(bench: &Bench, place: &Place, folder: &str, inputs: &Path) {
    pipeline(bench, place, inputs);
    let mut command = bench.command("cartage", ["run"]);
    command.env("CARTAGE_DATA_DIR", bench.path().join(folder));
    if let Place::Database(_) = place {
        command.env("DESTINATION__POSTGRES__CREDENTIALS", place.address(bench));
    }
    Done::of(&command.output().expect("cartage starts")).exits_with(0);
}

/// What must not depend on who made the steps.
#[derive(Debug, PartialEq)]
struct Picture {
    tables: BTreeMap<&'static str, Vec<String>>,
    /// The newest schemas, without versions and without the table of the state: it is in the schema of every
    /// source here and in one of them in dlt (docs/differences.md).
    schemas: BTreeMap<String, Value>,
    /// Of the schema that has the state in dlt too.
    version_hash: String,
    /// The state of all sources: cursors, and whatever else resources keep.
    sources: Value,
}

const TABLES: [(&str, &str); 7] = [
    ("orders", "SELECT id, updated_at, total FROM data.orders"),
    (
        "orders__items",
        "SELECT o.id, i._dlt_list_idx, i.sku FROM data.orders__items i LEFT JOIN data.orders o ON o._dlt_id = i._dlt_parent_id",
    ),
    (
        "orders__items__tags",
        "SELECT i.sku, t._dlt_list_idx, t.value FROM data.orders__items__tags t LEFT JOIN data.orders__items i ON i._dlt_id = t._dlt_parent_id",
    ),
    ("prices", "SELECT sku, price, _dlt_valid_to IS NULL AS active FROM data.prices"),
    ("events", "SELECT id, \"at\" FROM data.events"),
    ("people", "SELECT number, name__first FROM data.people"),
    ("_dlt_loads", "SELECT schema_name, status, count(*) AS loads FROM data._dlt_loads GROUP BY ALL"),
];

fn picture(database: &Connection) -> (Picture, i64) {
    let newest = "SELECT state FROM data._dlt_pipeline_state ORDER BY version DESC LIMIT 1";
    let state: String = database.query_row(newest, [], |row| row.get(0)).expect("there is a state");
    let mut sources = decoded(&state).expect("a state")["sources"].take();
    let mut visits = 0;
    for source in sources.as_object_mut().into_iter().flat_map(|sources| sources.values_mut()) {
        let Some(resources) = source.get_mut("resources").and_then(Value::as_object_mut) else { continue };
        for (name, resource) in resources.iter_mut() {
            let own = resource.as_object_mut().and_then(|resource| resource.remove("visits"));
            if name == "orders" {
                visits = own.and_then(|visits| visits.as_i64()).unwrap_or_default();
            }
            let cursors = resource.get_mut("incremental").and_then(Value::as_object_mut);
            for cursor in cursors.into_iter().flat_map(|all| all.values_mut()) {
                if let Some(hashes) = cursor["unique_hashes"].as_array_mut() {
                    hashes.sort_by_key(Value::to_string);
                }
            }
        }
        // A resource without a cursor has nothing left.
        resources.retain(|_, resource| resource.as_object().is_some_and(|resource| !resource.is_empty()));
    }
    let tables = TABLES.into_iter().map(|(name, sql)| (name, rows(database, sql))).collect();
    let (schemas, version_hash) = newest_schemas(database);
    (Picture { tables, schemas, version_hash, sources }, visits)
}

fn newest_schemas(database: &Connection) -> (BTreeMap<String, Value>, String) {
    let newest = "SELECT schema_name, version_hash, schema FROM data._dlt_version \
                  QUALIFY row_number() OVER (PARTITION BY schema_name ORDER BY inserted_at DESC, version DESC) = 1";
    let mut statement = database.prepare(newest).expect("a query");
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).expect("rows");
    let mut schemas = BTreeMap::new();
    let mut hash = String::new();
    for row in found {
        let (name, version_hash, text): (String, String, String) = row.expect("a row");
        let mut document = decoded(&text).expect("a schema");
        let keys = document.as_object_mut().expect("an object");
        keys.retain(|key, _| !["version", "version_hash", "previous_hashes"].contains(&key.as_str()));
        let tables = keys["tables"].as_object_mut().expect("tables");
        tables.remove("_dlt_pipeline_state");
        if name == "crm" {
            hash = version_hash;
        }
        schemas.insert(name, document);
    }
    (schemas, hash)
}

/// The pictures after each step of dlt alone.
fn dlt_alone() -> Vec<Picture> {
    let bench = Bench::new();
    let inputs: Vec<PathBuf> = (1..=STEPS).map(|step| write_inputs(&bench, step)).collect();
    dlt(&bench, &Place::File.address(&bench), "dlt", &inputs);
    let open = |step: usize| Connection::open(bench.path().join(format!("out.duckdb.{step}")));
    (1..=STEPS).map(|step| picture(&open(step).expect("the database opens")).0).collect()
}

fn take_turns(place: &Place, turns: [Turn; STEPS]) {
    let wanted = dlt_alone();
    // Three events a step, each once.
    assert_eq!(wanted[STEPS - 1].tables["events"].len(), STEPS * 3);
    assert_eq!(wanted[STEPS - 1].tables["orders"].len(), STEPS * 3);
    let bench = Bench::new();
    let mut by_dlt = 0;
    for (step, turn) in turns.into_iter().enumerate() {
        let inputs = write_inputs(&bench, step + 1);
        match turn {
            Turn::Dlt(folder) => {
                dlt(&bench, &place.address(&bench), folder, &[inputs]);
                by_dlt += 1;
            }
            Turn::Cartage(folder) => cartage(&bench, place, folder, &inputs),
        }
        let (found, visits) = picture(&place.open(&bench));
        let wanted = &wanted[step];
        for (table, rows) in &wanted.tables {
            assert_eq!(&found.tables[table], rows, "{table} after step {}", step + 1);
        }
        assert_eq!(found.sources, wanted.sources, "state after step {}", step + 1);
        assert_eq!(found.schemas, wanted.schemas, "schemas after step {}", step + 1);
        assert_eq!(found.version_hash, wanted.version_hash, "hash after step {}", step + 1);
        assert_eq!(visits, by_dlt, "what a resource keeps in its state is handed on");
    }
}

#[test]
fn what_dlt_began_goes_on_with_cartage_and_comes_back() {
    take_turns(&Place::File, [Turn::Dlt("a"), Turn::Cartage("b"), Turn::Dlt("c"), Turn::Cartage("b")]);
}

#[test]
fn what_cartage_began_goes_on_with_dlt_and_comes_back() {
    take_turns(&Place::File, [Turn::Cartage("a"), Turn::Dlt("b"), Turn::Cartage("c"), Turn::Dlt("b")]);
}

#[test]
fn a_postgres_dataset_that_dlt_began_goes_on_with_cartage_and_comes_back() {
    take_turns(&Place::database(), [Turn::Dlt("a"), Turn::Cartage("b"), Turn::Dlt("c"), Turn::Cartage("b")]);
}

#[test]
fn a_postgres_dataset_that_cartage_began_goes_on_with_dlt_and_comes_back() {
    take_turns(&Place::database(), [Turn::Cartage("a"), Turn::Dlt("b"), Turn::Cartage("c"), Turn::Dlt("b")]);
}

#[test]
fn a_sqlite_dataset_that_dlt_began_goes_on_with_cartage_and_comes_back() {
    take_turns(&Place::Sqlite, [Turn::Dlt("a"), Turn::Cartage("b"), Turn::Dlt("c"), Turn::Cartage("b")]);
}

#[test]
fn a_sqlite_dataset_that_cartage_began_goes_on_with_dlt_and_comes_back() {
    take_turns(&Place::Sqlite, [Turn::Cartage("a"), Turn::Dlt("b"), Turn::Cartage("c"), Turn::Dlt("b")]);
}
