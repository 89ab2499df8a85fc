//! DuckDB: one file, in this process.

use cartage_schema::MergeStrategy;

use super::{DestinationKind, PlaceSetting, file_template};
use crate::capabilities::{Capabilities, Files, IdentifierCase, Names, Strategies, Tables, Values};
use crate::files::FileFormat;

pub(super) const KIND: DestinationKind = DestinationKind {
    name: "duckdb",
    summary: "a DuckDB file, compiled in",
    capabilities,
    place: Some(PlaceSetting { key: "path", schemes: &["duckdb"], is_secret: false }),
    template: Some(|asked| file_template("duckdb", "duckdb", asked)),
    feature: Some("duckdb"),
    page: Some("destinations/duckdb.md"),
};

fn capabilities() -> Capabilities {
    Capabilities {
        names: Names { identifier_case: IdentifierCase::Insensitive, ..Names::default() },
        files: Files {
            supported_formats: vec![FileFormat::Parquet, FileFormat::Jsonl],
            staging_formats: vec![FileFormat::Parquet, FileFormat::Jsonl],
            ..Files::default()
        },
        values: Values { max_timestamp_precision: 9, ..Values::default() },
        tables: Tables { widens_columns: true, ..Tables::default() },
        strategies: Strategies {
            merge: vec![
                MergeStrategy::DeleteInsert,
                MergeStrategy::Upsert,
                MergeStrategy::Scd2,
                MergeStrategy::InsertOnly,
                MergeStrategy::Cdc,
            ],
            ..Strategies::default()
        },
        ..Capabilities::sql("duckdb")
    }
}
