//! SQLite: a file for each dataset, in this process.

use cartage_schema::{MergeStrategy, ReplaceStrategy};

use super::{DestinationKind, PlaceSetting, file_template};
use crate::capabilities::{Capabilities, IdentifierCase, Jobs, Names, Parallelism, Strategies, Values};

pub(super) const KIND: DestinationKind = DestinationKind {
    name: "sqlite",
    summary: "a SQLite file for each dataset, compiled in",
    capabilities,
    place: Some(PlaceSetting { key: "path", schemes: &["sqlite"], is_secret: false }),
    template: Some(|asked| file_template("sqlite", "sqlite", asked)),
    feature: Some("sqlite"),
    page: Some("destinations/sqlite.md"),
};

/// Rows are written one by one into a file that has one writer.
fn capabilities() -> Capabilities {
    Capabilities {
        names: Names { identifier_case: IdentifierCase::Insensitive, ..Names::default() },
        values: Values {
            wei_precision: (78, 0),
            wide_decimals_as_text: true,
            max_text_length: Some(1_000_000_000),
            ..Values::default()
        },
        strategies: Strategies {
            merge: MergeStrategy::ALL.to_vec(),
            replace: ReplaceStrategy::ALL.to_vec(),
            ..Strategies::default()
        },
        jobs: Jobs { max_parallel_load_jobs: Some(1), parallelism: Parallelism::Sequential },
        ..Capabilities::sql("sqlite")
    }
}
