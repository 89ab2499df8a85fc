//! SQLite: a file for each dataset, in this process.

use cartage_schema::{MergeStrategy, ReplaceStrategy};

use super::{DestinationKind, Place, file_template};
use crate::capabilities::{Capabilities, IdentifierCase, Parallelism};

pub(super) const KIND: DestinationKind = DestinationKind {
    name: "sqlite",
    summary: "a SQLite file for each dataset, compiled in",
    capabilities,
    place: Some(Place { key: "path", schemes: &["sqlite"], is_secret: false }),
    template: Some(|asked| file_template("sqlite", "sqlite", asked)),
    feature: Some("sqlite"),
    page: Some("destinations/sqlite.md"),
};

/// Rows are written one by one into a file that has one writer.
fn capabilities() -> Capabilities {
    Capabilities {
        identifier_case: IdentifierCase::Insensitive,
        wei_precision: (78, 0),
        wide_decimals_as_text: true,
        max_parallel_load_jobs: Some(1),
        parallelism: Parallelism::Sequential,
        max_text_length: Some(1_000_000_000),
        merge_strategies: MergeStrategy::ALL.to_vec(),
        replace_strategies: ReplaceStrategy::ALL.to_vec(),
        ..Capabilities::sql("sqlite")
    }
}
