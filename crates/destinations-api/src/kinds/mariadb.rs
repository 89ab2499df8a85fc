//! MariaDB, which is loaded as MySQL is.

use super::{DestinationKind, PlaceSetting, mysql};

pub(super) const KIND: DestinationKind = DestinationKind {
    name: "mariadb",
    summary: "a database of a MariaDB server",
    capabilities: || mysql::capabilities("mariadb"),
    place: Some(PlaceSetting { key: "credentials", schemes: &["mariadb"], is_secret: true }),
    template: Some(|_| mysql::template("mariadb")),
    feature: Some("mysql"),
    page: Some("destinations/mysql.md"),
};
