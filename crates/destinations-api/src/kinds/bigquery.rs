//! BigQuery.

use cartage_schema::{MergeStrategy, ReplaceStrategy};

use super::{Asked, DestinationKind, Template};
use crate::capabilities::{Capabilities, Files, Names, Strategies, Tables, Values};
use crate::files::{FileFormat, PageCompression};

pub(super) const KIND: DestinationKind = DestinationKind {
    name: "bigquery",
    summary: "a dataset of Google BigQuery",
    capabilities,
    place: None,
    template: Some(template),
    feature: Some("bigquery"),
    page: Some("destinations/bigquery.md"),
};

fn capabilities() -> Capabilities {
    Capabilities {
        names: Names { max_identifier_length: 1024, max_column_identifier_length: 300, ..Names::default() },
        files: Files {
            staging_formats: vec![FileFormat::Parquet],
            staging_schemes: vec!["gs".to_owned()],
            // They are sent over the network.
            parquet_compression: PageCompression::Zstd,
            // Load jobs are counted, not their bytes.
            recommended_file_size: Some(1 << 30),
            ..Files::default()
        },
        values: Values {
            wei_precision: (76, 38),
            wide_decimals_as_text: true,
            naive_timestamps: false,
            max_text_length: Some(10 * 1024 * 1024),
            ..Values::default()
        },
        tables: Tables { widens_columns: true, ..Tables::default() },
        strategies: Strategies {
            merge: MergeStrategy::ALL.to_vec(),
            replace: ReplaceStrategy::ALL.to_vec(),
            ..Strategies::default()
        },
        ..Capabilities::sql("bigquery")
    }
}

fn template(_asked: &Asked<'_>) -> Template {
    let settings = "[destination.bigquery]\nlocation = \"US\"\n# The key of a service account is in .cartage/secrets.toml, or in the environment as\n\
                    # DESTINATION__BIGQUERY__CREDENTIALS, its whole document; without one, the login of gcloud or the role of the\n\
                    # machine is taken, and project_id has to be here.\n";
    let secrets = "[destination.bigquery.credentials]\n\
                   # project_id = \"...\"\n\
                   # client_email = \"...\"\n\
                   # private_key = \"...\"\n";
    Template { settings: settings.to_owned(), secrets: Some(secrets.to_owned()) }
}
