//! A command that is handed the rows.

use cartage_schema::{NamingKind, ReplaceStrategy};

use super::{DestinationKind, PlaceSetting};
use crate::capabilities::{Capabilities, Files, Guarantees, Names, Strategies, Tables, Values};
use crate::files::FileFormat;

pub(super) const KIND: DestinationKind = DestinationKind {
    name: "process",
    summary: "a command that is handed the rows",
    capabilities: || handed_over("process"),
    place: Some(PlaceSetting { key: "command", schemes: &[], is_secret: false }),
    template: None,
    feature: Some("process"),
    page: Some("destinations/process.md"),
};

/// Rows are handed over as they are: names untouched, nested values in their row, nothing emptied or merged.
pub(super) fn handed_over(destination: &str) -> Capabilities {
    Capabilities {
        names: Names { naming: Some(NamingKind::Direct), ..Names::default() },
        files: Files {
            preferred_format: FileFormat::Jsonl,
            supported_formats: vec![FileFormat::Jsonl, FileFormat::Parquet],
            ..Files::default()
        },
        values: Values { max_timestamp_precision: 9, ..Values::default() },
        tables: Tables { max_table_nesting: Some(0), ..Tables::default() },
        strategies: Strategies {
            // The receiver of the rows is given the disposition.
            replace: vec![ReplaceStrategy::TruncateAndInsert],
            ..Strategies::default()
        },
        guarantees: Guarantees { transactions: false, exactly_once: false, enforces_not_null: false },
        ..Capabilities::sql(destination)
    }
}
