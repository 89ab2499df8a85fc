//! DuckDB: one file, in this process.

use cartage_schema::MergeStrategy;

use super::{DestinationKind, Place, file_template};
use crate::capabilities::{Capabilities, IdentifierCase};
use crate::files::FileFormat;

pub(super) const KIND: DestinationKind = DestinationKind {
    name: "duckdb",
    summary: "a DuckDB file, compiled in",
    capabilities,
    place: Some(Place { key: "path", schemes: &[], is_secret: false }),
    template: Some(|asked| file_template("duckdb", "duckdb", asked)),
    feature: Some("duckdb"),
    page: Some("destinations/duckdb.md"),
};

fn capabilities() -> Capabilities {
    Capabilities {
        identifier_case: IdentifierCase::Insensitive,
        max_timestamp_precision: 9,
        supported_formats: vec![FileFormat::Parquet, FileFormat::Jsonl],
        staging_formats: vec![FileFormat::Parquet, FileFormat::Jsonl],
        max_query_length: Some(32 * 1024 * 1024),
        widens_columns: true,
        merge_strategies: vec![
            MergeStrategy::DeleteInsert,
            MergeStrategy::Upsert,
            MergeStrategy::Scd2,
            MergeStrategy::InsertOnly,
            MergeStrategy::Cdc,
        ],
        ..Capabilities::sql("duckdb")
    }
}
