//! A command that is handed the rows.

use cartage_schema::ReplaceStrategy;

use super::{DestinationKind, Place};
use crate::capabilities::Capabilities;
use crate::files::FileFormat;

pub(super) const KIND: DestinationKind = DestinationKind {
    name: "process",
    summary: "a command that is handed the rows",
    capabilities: || handed_over("process"),
    place: Some(Place { key: "command", schemes: &[], is_secret: false }),
    template: None,
    feature: Some("process"),
    page: Some("destinations/process.md"),
};

/// Rows are handed over as they are: names untouched, nested values in their row, nothing emptied or merged.
pub(super) fn handed_over(destination: &str) -> Capabilities {
    Capabilities {
        preferred_format: FileFormat::Jsonl,
        supported_formats: vec![FileFormat::Jsonl, FileFormat::Parquet],
        naming: Some("direct".to_owned()),
        max_timestamp_precision: 9,
        transactions: false,
        exactly_once: false,
        enforces_not_null: false,
        ddl_transactions: false,
        // Whoever takes the rows is told the disposition.
        replace_strategies: vec![ReplaceStrategy::TruncateAndInsert],
        max_table_nesting: Some(0),
        ..Capabilities::sql(destination)
    }
}
