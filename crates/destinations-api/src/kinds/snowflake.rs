//! Snowflake.

use cartage_schema::{MergeStrategy, ReplaceStrategy};

use super::{Asked, DestinationKind, PlaceSetting, Template};
use crate::capabilities::{Capabilities, Files, IdentifierCase, Names, Strategies, Tables, Values};
use crate::files::{FileFormat, PageCompression};

pub(super) const KIND: DestinationKind = DestinationKind {
    name: "snowflake",
    summary: "a schema of a database at an account of Snowflake",
    capabilities,
    place: Some(PlaceSetting { key: "credentials", schemes: &["snowflake"], is_secret: true }),
    template: Some(template),
    feature: Some("snowflake"),
    page: Some("destinations/snowflake.md"),
};

fn capabilities() -> Capabilities {
    Capabilities {
        names: Names {
            max_identifier_length: 255,
            max_column_identifier_length: 255,
            // They are folded to upper case, unless the naming convention tells them apart by case.
            identifier_case: IdentifierCase::Insensitive,
            ..Names::default()
        },
        files: Files {
            staging_formats: vec![FileFormat::Parquet],
            staging_schemes: ["s3", "gs", "gcs", "az", "azure", "abfs", "abfss", "adl"]
                .map(str::to_owned)
                .to_vec(),
            // They go through the network.
            parquet_compression: PageCompression::Snappy,
            ..Files::default()
        },
        values: Values {
            max_timestamp_precision: 9,
            max_text_length: Some(16 * 1024 * 1024),
            ..Values::default()
        },
        // Digits before the point and lengths of texts can grow, other types cannot.
        tables: Tables { widens_columns: false, ..Tables::default() },
        strategies: Strategies {
            merge: MergeStrategy::ALL.to_vec(),
            replace: ReplaceStrategy::ALL.to_vec(),
            ..Strategies::default()
        },
        ..Capabilities::sql("snowflake")
    }
}

fn template(_asked: &Asked<'_>) -> Template {
    let settings = "[destination.snowflake]\n# account, database, user and key are in .cartage/secrets.toml, or in the environment as\n\
                    # DESTINATION__SNOWFLAKE__CREDENTIALS=\"snowflake://user:password@account/database?warehouse=WH&role=ROLE\"\n";
    let secrets = "[destination.snowflake.credentials]\n\
                   # host = \"ORG-ACCOUNT\"\n\
                   # database = \"...\"\n\
                   # username = \"...\"\n\
                   # private_key_path = \"rsa_key.p8\"  # or password = \"...\"\n\
                   # warehouse = \"...\"\n\
                   # role = \"...\"\n";
    Template { settings: settings.to_owned(), secrets: Some(secrets.to_owned()) }
}
