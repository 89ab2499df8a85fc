//! ClickHouse, by itself or as a service.

use cartage_schema::{MergeStrategy, ReplaceStrategy};

use super::{DestinationKind, PlaceSetting, Template};
use crate::capabilities::{Capabilities, Files, Guarantees, Names, Strategies, Tables, Values};
use crate::files::{FileFormat, PageCompression};

pub(super) const KIND: DestinationKind = DestinationKind {
    name: "clickhouse",
    summary: "a database of ClickHouse",
    capabilities,
    place: Some(PlaceSetting { key: "credentials", schemes: &["clickhouse"], is_secret: true }),
    template: Some(|_| template()),
    feature: Some("clickhouse"),
    page: Some("destinations/clickhouse.md"),
};

fn capabilities() -> Capabilities {
    Capabilities {
        names: Names { max_identifier_length: 255, max_column_identifier_length: 255, ..Names::default() },
        files: Files {
            staging_formats: vec![FileFormat::Parquet],
            // They travel through the network as they are.
            parquet_compression: PageCompression::Lz4,
            ..Files::default()
        },
        values: Values {
            wei_precision: (76, 0),
            wide_decimals_as_text: true,
            years: (1900, 2299),
            ..Values::default()
        },
        tables: Tables { widens_columns: true, ..Tables::default() },
        strategies: Strategies {
            // The others change rows in place, which takes a transaction.
            merge: vec![MergeStrategy::DeleteInsert, MergeStrategy::Scd2, MergeStrategy::InsertOnly],
            replace: ReplaceStrategy::ALL.to_vec(),
            ..Strategies::default()
        },
        guarantees: Guarantees { transactions: false, ..Guarantees::default() },
        ..Capabilities::sql("clickhouse")
    }
}

fn template() -> Template {
    let settings = "[destination.clickhouse]\n\
                    # host, database, user and password are in .cartage/secrets.toml, or in the environment as\n\
                    # DESTINATION__CLICKHOUSE__CREDENTIALS=\"clickhouse://user:password@host/database?http_port=8443\"\n";
    let keys = [
        "host = \"localhost\"",
        "http_port = 8443",
        "secure = 1  # 0 where the port is that of HTTP, such as 8123",
        "database = \"default\"",
        "username = \"default\"",
        "password = \"...\"",
    ];
    let keys: String = keys.map(|key| format!("# {key}\n")).concat();
    Template {
        settings: settings.to_owned(),
        secrets: Some(format!("[destination.clickhouse.credentials]\n{keys}")),
    }
}
