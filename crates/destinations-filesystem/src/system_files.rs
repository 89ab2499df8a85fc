//! dlt's own files in a dataset: `init`, `_dlt_loads`, `_dlt_version`, `_dlt_pipeline_state`.
//!
//! | File | Content |
//! |---|---|
//! | `init` | version of the storage; 1 (an empty file) leaves `.gz` away |
//! | `_dlt_loads/<schema>__<load id>.jsonl` | one load that is complete |
//! | `_dlt_version/<schema>__<seconds>__<hash in hex>.jsonl` | one schema |
//! | `_dlt_pipeline_state/<pipeline>__<load id>__<hash of the schema in hex>.jsonl` | one state |

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cartage_destinations_api::system::{LOADS_TABLE, STATE_TABLE, VERSION_TABLE};
use cartage_destinations_api::{Error, LoadCommit, LoadPlan, Result};
use cartage_schema::Schema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::date_tokens::iso;
use crate::store::Store;

const INIT: &str = "init";

/// The version of the storage that is written.
const CURRENT: u64 = 2;

#[derive(Debug, Deserialize)]
struct Init {
    initial_version: u64,
    current_version: u64,
}

/// Makes sure of the `init` file and gives the version with which the dataset was begun.
///
/// # Errors
/// Invalid if the dataset was written by something newer, corrupt if the file is something else.
pub(crate) fn init(store: &Store) -> Result<u64> {
    let text = |initial: u64| json!({"initial_version": initial, "current_version": CURRENT}).to_string();
    let Some(bytes) = store.read(INIT)? else {
        store.create(INIT, text(CURRENT).into_bytes())?;
        return Ok(CURRENT);
    };
    if bytes.iter().all(u8::is_ascii_whitespace) {
        store.replace(INIT, text(1).into_bytes())?;
        return Ok(1);
    }
    let init: Init = serde_json::from_slice(&bytes).map_err(|cause| {
        Error::corrupt(format!("{} is not what dlt writes: {cause}", store.url(INIT)))
            .with_remedy("restore the file, or load into another dataset")
    })?;
    if init.initial_version.max(init.current_version) > CURRENT {
        return Err(Error::invalid(format!(
            "{} says version {}, and this program knows {CURRENT}",
            store.url(INIT),
            init.current_version
        ))
        .with_remedy("use the program that wrote the dataset, or load into another dataset"));
    }
    Ok(init.initial_version)
}

/// The file that says that a load is complete.
pub(crate) fn load_file(schema: &str, load_id: &str) -> String {
    format!("{LOADS_TABLE}/{schema}__{load_id}.jsonl")
}

/// What stands in it.
pub(crate) fn load_row(commit: &LoadCommit) -> String {
    let row = json!({
        "load_id": commit.key.load_id,
        "schema_name": commit.schema.name,
        "status": 0,
        "inserted_at": iso(commit.now_micros),
        "schema_version_hash": commit.schema.version_hash,
    });
    row.to_string()
}

/// The load ids that are complete.
pub(crate) fn complete_loads(store: &Store) -> Result<Vec<String>> {
    let files = store.list(&format!("{LOADS_TABLE}/"))?;
    let id = |name: &str| Some(stem(name)?.rsplit_once("__")?.1.to_owned());
    Ok(files.iter().filter_map(|file| id(&file.name)).collect())
}

/// A stored schema or state by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Versioned {
    /// Name of the file.
    pub(crate) file: String,
    /// Name of the schema or pipeline.
    pub(crate) name: String,
    /// Seconds for schemas, load id for states: greater is newer.
    pub(crate) order: String,
    /// Hash of the schema in hex.
    pub(crate) hash: String,
}

fn versioned(store: &Store, table: &str) -> Result<Vec<Versioned>> {
    let files = store.list(&format!("{table}/"))?;
    Ok(files.into_iter().filter_map(|file| Versioned::parse(file.name)).collect())
}

impl Versioned {
    fn parse(file: String) -> Option<Self> {
        let mut parts = stem(&file)?.rsplitn(3, "__");
        let (hash, order, name) = (parts.next()?, parts.next()?, parts.next()?);
        let (name, order, hash) = (name.to_owned(), order.to_owned(), hash.to_owned());
        Some(Self { file, name, order, hash })
    }
}

/// Name of a file without folder and `.jsonl`.
fn stem(name: &str) -> Option<&str> {
    name.rsplit('/').next()?.strip_suffix(".jsonl")
}

/// The hash as it stands in names.
pub(crate) fn hex(hash: &str) -> String {
    let bytes = STANDARD.decode(hash).unwrap_or_else(|_| hash.as_bytes().to_vec());
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

fn schema_hash(schema: &Schema) -> &str {
    schema.version_hash.as_deref().unwrap_or_default()
}

/// All stored schemas.
pub(crate) fn schemas(store: &Store) -> Result<Vec<Versioned>> {
    versioned(store, VERSION_TABLE)
}

/// The content of a file of `_dlt_version`.
#[derive(Debug, Deserialize)]
pub(crate) struct SchemaRow {
    pub(crate) version_hash: String,
    pub(crate) schema_name: String,
    pub(crate) version: u64,
    pub(crate) schema: String,
}

/// The same as it is written.
#[derive(Debug, Serialize)]
struct NewSchemaRow<'a> {
    version_hash: &'a str,
    schema_name: &'a str,
    version: u64,
    engine_version: u32,
    inserted_at: String,
    schema: &'a str,
}

/// Reads a stored schema.
pub(crate) fn schema(store: &Store, found: &Versioned) -> Result<Option<SchemaRow>> {
    read(store, &found.file)
}

/// Stores the schema of a plan, unless it is stored already.
pub(crate) fn store_schema(store: &Store, plan: &LoadPlan, stored: &[Versioned]) -> Result<()> {
    let schema = &plan.schema;
    let hash = hex(schema_hash(schema));
    if stored.iter().any(|known| known.hash == hash && known.name == schema.name) {
        return Ok(());
    }
    let row = NewSchemaRow {
        version_hash: schema_hash(schema),
        schema_name: &schema.name,
        version: schema.version,
        engine_version: schema.engine_version,
        inserted_at: iso(plan.now_micros),
        schema: &plan.schema_document,
    };
    // Two schemas may be stored in the same microsecond; the name must tell them apart anyway.
    let seconds = format!("{}.{:06}", plan.now_micros / 1_000_000, plan.now_micros % 1_000_000);
    let name = format!("{VERSION_TABLE}/{}__{seconds}__{hash}.jsonl", schema.name);
    let text = serde_json::to_vec(&row)
        .map_err(|cause| Error::terminal("a schema is not JSON").with_source(cause))?;
    store.create(&name, text).map(drop)
}

/// The states of a pipeline, the newest first.
pub(crate) fn states(store: &Store, pipeline: &str) -> Result<Vec<Versioned>> {
    let mut found = versioned(store, STATE_TABLE)?;
    found.retain(|state| state.name == pipeline);
    found.sort_by(|a, b| b.order.cmp(&a.order));
    Ok(found)
}

/// The content of a file of `_dlt_pipeline_state`.
pub(crate) fn state(store: &Store, found: &Versioned) -> Result<Option<Value>> {
    read(store, &found.file)
}

/// The file for the state that a load brings.
pub(crate) fn state_file(commit: &LoadCommit) -> String {
    let hash = hex(schema_hash(&commit.schema));
    format!("{STATE_TABLE}/{}__{}__{hash}.jsonl", commit.key.pipeline, commit.key.load_id)
}

fn read<T: for<'de> Deserialize<'de>>(store: &Store, name: &str) -> Result<Option<T>> {
    let Some(bytes) = store.read(name)? else { return Ok(None) };
    serde_json::from_slice(&bytes).map(Some).map_err(|cause| {
        Error::corrupt(format!("{} cannot be read: {cause}", store.url(name)))
            .with_remedy("restore the file, or remove it")
    })
}
