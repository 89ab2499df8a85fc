//! The tables that dlt keeps in every dataset, before their names are normalized.
//!
//! Existing datasets have these columns in this order: new ones may only come at the end. Descriptions are
//! part of the version hash.

use cartage_values::DataType;

use crate::column::Column;
use crate::table::Table;
use crate::words::WriteDisposition;

/// Holds every stored version of a schema.
pub(crate) const VERSION: &str = "_dlt_version";
/// Holds a row for every completed load.
pub(crate) const LOADS: &str = "_dlt_loads";
/// Holds the versions of the pipeline state.
pub(crate) const STATE: &str = "_dlt_pipeline_state";

/// The table `_dlt_version` before its names are normalized, with the columns that dlt gives it.
pub(crate) fn version() -> Table {
    let table = Table {
        write_disposition: Some(WriteDisposition::Skip),
        description: Some("Created by DLT. Tracks schema updates".to_owned()),
        ..Table::root(VERSION, VERSION)
    };
    table
        .with_column(required(
            "version",
            DataType::Bigint,
            "Numeric version of the schema, incremented on each schema change",
        ))
        .with_column(required(
            "engine_version",
            DataType::Bigint,
            "Version of the dlt schema engine that created this schema",
        ))
        .with_column(required(
            "inserted_at",
            DataType::Timestamp,
            "Timestamp when this schema version was stored",
        ))
        .with_column(required("schema_name", DataType::Text, "Name of the schema"))
        .with_column(required(
            "version_hash",
            DataType::Text,
            "Unique hash of the schema content, used to detect changes",
        ))
        .with_column(required(
            "schema",
            DataType::Text,
            "JSON representation of the complete schema definition",
        ))
}

/// The table `_dlt_loads` before its names are normalized, with the columns that dlt gives it.
pub(crate) fn loads() -> Table {
    let table = Table {
        write_disposition: Some(WriteDisposition::Skip),
        description: Some("Created by DLT. Tracks completed loads".to_owned()),
        ..Table::root(LOADS, LOADS)
    };
    table
        .with_column(load_id("load_id", "Unique identifier of the load operation"))
        .with_column(optional("schema_name", "Name of the schema associated with this load"))
        .with_column(required("status", DataType::Bigint, "Status of the load operation (0 = success)"))
        .with_column(required("inserted_at", DataType::Timestamp, "Timestamp when the load was completed"))
        .with_column(optional("schema_version_hash", "Hash of the schema version used during this load"))
}

/// `_dlt_pipeline_state`, as the resource that extracts the state declares it.
pub(crate) fn state() -> Table {
    let table = Table { file_format: Some("preferred".to_owned()), ..Table::root(STATE, STATE) };
    table
        .with_column(required("version", DataType::Bigint, "Numeric version of the pipeline state"))
        .with_column(required("engine_version", DataType::Bigint, "Version of the dlt state engine"))
        .with_column(required("pipeline_name", DataType::Text, "Name of the pipeline this state belongs to"))
        .with_column(required(
            "state",
            DataType::Text,
            "Compressed JSON representation of the pipeline state",
        ))
        .with_column(required("created_at", DataType::Timestamp, "Timestamp when this state was created"))
        .with_column(optional("version_hash", "Hash of the state content, used to detect changes"))
        .with_column(load_id("_dlt_load_id", "Load identifier linking this row to its load operation"))
}

fn described(mut column: Column, description: &str) -> Column {
    column.description = Some(description.to_owned());
    column
}

fn required(name: &str, data_type: DataType, description: &str) -> Column {
    described(Column::typed(name, data_type, false), description)
}

fn optional(name: &str, description: &str) -> Column {
    described(Column::typed(name, DataType::Text, true), description)
}

fn load_id(name: &str, description: &str) -> Column {
    Column { precision: Some(64), ..required(name, DataType::Text, description) }
}
