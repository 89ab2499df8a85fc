//! PostgreSQL, and what speaks its protocol and its SQL.

use cartage_schema::{MergeStrategy, ReplaceStrategy};

use super::{Asked, DestinationKind, PlaceSetting, Template};
use crate::capabilities::{Capabilities, Files, Names, Strategies, Tables, Values};
use crate::files::FileFormat;

pub(super) const KIND: DestinationKind = DestinationKind {
    name: "postgres",
    summary: "a schema of a PostgreSQL server",
    capabilities,
    place: Some(PlaceSetting { key: "credentials", schemes: &["postgres", "postgresql"], is_secret: true }),
    template: Some(template),
    feature: Some("postgres"),
    page: Some("destinations/postgres.md"),
};

fn capabilities() -> Capabilities {
    Capabilities {
        names: Names {
            // Longer names are truncated by the server.
            max_identifier_length: 63,
            max_column_identifier_length: 63,
            ..Names::default()
        },
        files: Files { staging_formats: vec![FileFormat::Parquet], ..Files::default() },
        values: Values {
            wei_precision: (156, 78),
            wide_decimals_as_text: true,
            max_text_length: Some(1024 * 1024 * 1024),
            ..Values::default()
        },
        tables: Tables { widens_columns: true, create_indexes: true, ..Tables::default() },
        strategies: Strategies {
            merge: MergeStrategy::ALL.to_vec(),
            replace: ReplaceStrategy::ALL.to_vec(),
            ..Strategies::default()
        },
        ..Capabilities::sql("postgres")
    }
}

fn template(_asked: &Asked<'_>) -> Template {
    let settings = "[destination.postgres]\n# host, database, user and password are in .cartage/secrets.toml, or in the environment as\n\
                    # DESTINATION__POSTGRES__CREDENTIALS=\"postgresql://user:password@host:5432/database\"\n";
    let secrets = "[destination.postgres.credentials]\n\
                   # host = \"localhost\"\n\
                   # database = \"...\"\n\
                   # username = \"...\"\n\
                   # password = \"...\"\n";
    Template { settings: settings.to_owned(), secrets: Some(secrets.to_owned()) }
}
