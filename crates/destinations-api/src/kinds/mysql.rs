//! MySQL, and what speaks its protocol and its SQL.

use cartage_schema::{MergeStrategy, ReplaceStrategy};

use super::{DestinationKind, PlaceSetting, Template};
use crate::capabilities::{
    Capabilities, Files, IdentifierCase, Jobs, Names, Parallelism, Strategies, Tables, Values,
};
use crate::files::FileFormat;

pub(super) const KIND: DestinationKind = DestinationKind {
    name: "mysql",
    summary: "a database of a MySQL server",
    capabilities: || capabilities("mysql"),
    place: Some(PlaceSetting { key: "credentials", schemes: &["mysql"], is_secret: true }),
    template: Some(|_| template("mysql")),
    feature: Some("mysql"),
    page: Some("destinations/mysql.md"),
};

pub(super) fn capabilities(name: &str) -> Capabilities {
    Capabilities {
        names: Names {
            max_identifier_length: 64,
            max_column_identifier_length: 64,
            // Names of columns are; those of tables are compared as the server is set up.
            identifier_case: IdentifierCase::Insensitive,
            ..Names::default()
        },
        files: Files { staging_formats: vec![FileFormat::Parquet], ..Files::default() },
        values: Values {
            wide_decimals_as_text: true,
            max_text_length: Some(1024 * 1024 * 1024),
            ..Values::default()
        },
        tables: Tables { widens_columns: true, ..Tables::default() },
        strategies: Strategies {
            merge: MergeStrategy::ALL.to_vec(),
            replace: ReplaceStrategy::ALL.to_vec(),
            ..Strategies::default()
        },
        // Sessions that add to one table wait for each other at its last page: two take longer than one.
        jobs: Jobs { parallelism: Parallelism::TableSequential, ..Jobs::default() },
        ..Capabilities::sql(name)
    }
}

pub(super) fn template(name: &str) -> Template {
    let settings = format!(
        "[destination.{name}]\n# host, database, user and password are in .cartage/secrets.toml, or in the environment as\n\
         # DESTINATION__{}__CREDENTIALS=\"{name}://user:password@host:3306/database\"\n",
        name.to_uppercase()
    );
    let keys = ["host = \"localhost\"", "database = \"...\"", "username = \"...\"", "password = \"...\""];
    let keys: String = keys.map(|key| format!("# {key}\n")).concat();
    Template { settings, secrets: Some(format!("[destination.{name}.credentials]\n{keys}")) }
}
