//! No place at all: rows are counted and dropped.

use cartage_schema::{MergeStrategy, ReplaceStrategy};

use super::DestinationKind;
use crate::capabilities::{Capabilities, Files, Guarantees, Strategies, Values};
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
        files: Files {
            supported_formats: vec![FileFormat::Parquet, FileFormat::Jsonl, FileFormat::Csv],
            ..Files::default()
        },
        values: Values { max_timestamp_precision: 9, ..Values::default() },
        strategies: Strategies {
            merge: MergeStrategy::ALL.to_vec(),
            replace: ReplaceStrategy::ALL.to_vec(),
            ..Strategies::default()
        },
        guarantees: Guarantees { transactions: false, exactly_once: false, enforces_not_null: false },
        ..Capabilities::sql("null")
    }
}
