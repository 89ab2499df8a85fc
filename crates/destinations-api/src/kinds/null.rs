//! No place at all: rows are counted and dropped.

use cartage_schema::{MergeStrategy, ReplaceStrategy};

use super::DestinationKind;
use crate::capabilities::Capabilities;
use crate::files::FileFormat;

pub(super) const KIND: DestinationKind = DestinationKind {
    name: "null",
    summary: "nothing: rows are read, checked and dropped",
    capabilities,
    place: None,
    template: None,
    feature: None,
    page: None,
};

fn capabilities() -> Capabilities {
    Capabilities {
        max_timestamp_precision: 9,
        supported_formats: vec![FileFormat::Parquet, FileFormat::Jsonl, FileFormat::Csv],
        transactions: false,
        exactly_once: false,
        enforces_not_null: false,
        ddl_transactions: false,
        merge_strategies: MergeStrategy::ALL.to_vec(),
        replace_strategies: ReplaceStrategy::ALL.to_vec(),
        ..Capabilities::sql("null")
    }
}
