//! The source of `ingest` that is a database: an address with the table after its question mark.

use cartage_destinations_api::kinds;
use cartage_pipeline::PipelineError;
use cartage_sources::is_bucket_path;

/// What may precede `://`; a driver's name may follow, as in `postgresql+psycopg2`.
const SCHEMES: [&str; 6] = ["postgresql", "postgres", "mysql", "mariadb", "sqlite", "duckdb"];

/// An example, for errors.
const EXAMPLE: &str = "'postgresql://user@host/database?table=public.orders'";

/// A table of a database, or what a query answers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DatabaseAddress {
    /// The address without the keys that are read here: a connection string.
    pub(super) credentials: String,
    /// Schema of the table.
    pub(super) schema: Option<String>,
    /// What is read.
    pub(super) rows: RowsOf,
}

/// What is read of a database.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RowsOf {
    Table(String),
    Query(String),
}

impl DatabaseAddress {
    /// The address, if the text is the one of a database rather than a path.
    ///
    /// # Errors
    /// An address of something that is not known, and those of [`parse`](Self::parse). No message holds the address, which
    /// may have a password.
    pub(super) fn find(source: &str) -> Result<Option<Self>, PipelineError> {
        let Some((scheme, _)) = source.split_once("://") else { return Ok(None) };
        let scheme = scheme.split('+').next().unwrap_or_default();
        match scheme {
            "file" => Ok(None),
            _ if is_bucket_path(source) => Ok(None),
            // One with a user or a signature belongs in a file.
            "https" if !source.contains(['@', '?']) => Ok(None),
            known if SCHEMES.contains(&known) => Self::parse(source).map(Some),
            unknown => Err(PipelineError::Usage {
                message: format!("a source cannot be an address of `{unknown}`"),
                remedy: format!("{}, or write a path of files", kinds::remedy_of_unknown(unknown, SCHEMES)),
            }),
        }
    }

    /// What tells its rows from those of other databases: without user and password.
    pub(super) fn identity(&self) -> String {
        let place = self.credentials.split_once("://").map_or("", |(_, place)| place);
        let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
        format!("{place}/{}", self.schema.as_deref().unwrap_or_default())
    }

    /// Takes `table`, `schema` and `query` from after the question mark; everything else is for the connection.
    /// A table may have its schema before a point.
    ///
    /// # Errors
    /// Nothing says what to read, or more than one thing does. No message holds the address, which may have a password.
    pub(super) fn parse(source: &str) -> Result<Self, PipelineError> {
        let usage = |message: &str| PipelineError::Usage {
            message: message.to_owned(),
            remedy: format!(
                "write it as {EXAMPLE}, in quotes; `query=select ...` takes the place of a table"
            ),
        };
        let (address, keys) = source.split_once('?').unwrap_or((source, ""));
        let (mut table, mut schema, mut query) = (None, None, None);
        let mut others = Vec::new();
        for pair in keys.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let place = match key {
                "table" => &mut table,
                "schema" => &mut schema,
                "query" => &mut query,
                _ => {
                    others.push(pair);
                    continue;
                }
            };
            let value = decoded(value).filter(|value| !value.is_empty());
            let value =
                value.ok_or_else(|| usage(&format!("`{key}` of the address has no readable value")))?;
            if place.replace(value).is_some() {
                return Err(usage(&format!("the address has `{key}` twice")));
            }
        }
        let rows = match (table, query) {
            (Some(table), None) => RowsOf::Table(table),
            (None, Some(query)) => RowsOf::Query(query),
            (None, None) => return Err(usage("the address of the database does not say which table")),
            (Some(_), Some(_)) => return Err(usage("the address has both a table and a query")),
        };
        let (schema, rows) = match (schema, rows) {
            (None, RowsOf::Table(name)) => match name.split_once('.') {
                Some((schema, table)) => (Some(schema.to_owned()), RowsOf::Table(table.to_owned())),
                None => (None, RowsOf::Table(name)),
            },
            given => given,
        };
        let credentials =
            if others.is_empty() { address.to_owned() } else { format!("{address}?{}", others.join("&")) };
        Ok(Self { credentials, schema, rows })
    }
}

/// Text of an address: `%20` and `+` are blanks.
fn decoded(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    percent_encoding::percent_decode_str(&text).decode_utf8().ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_taken_out_and_the_rest_is_the_connection_string() {
        let parsed = |text: &str| DatabaseAddress::parse(text).unwrap();
        let table = |credentials: &str, schema: Option<&str>, name: &str| DatabaseAddress {
            credentials: credentials.to_owned(),
            schema: schema.map(str::to_owned),
            rows: RowsOf::Table(name.to_owned()),
        };
        assert_eq!(parsed("postgresql://u@h/db?table=orders"), table("postgresql://u@h/db", None, "orders"));
        assert_eq!(
            parsed("postgresql+psycopg2://u:p%3F@h/db?sslmode=require&table=crm.orders"),
            table("postgresql+psycopg2://u:p%3F@h/db?sslmode=require", Some("crm"), "orders")
        );
        assert_eq!(
            parsed("mysql://h/db?schema=a&table=b.c%20d"),
            table("mysql://h/db", Some("a"), "b.c d"),
            "with a schema of its own the point belongs to the table"
        );
        let query = parsed("sqlite:///x.db?query=select+1+as+%22a%26b%22");
        assert_eq!(query.rows, RowsOf::Query("select 1 as \"a&b\"".to_owned()));
    }

    #[test]
    fn addresses_that_name_no_table_or_two_things_are_refused_without_showing_them() {
        for text in [
            "postgresql://u:secret@h/db",
            "postgresql://u:secret@h/db?table=",
            "postgresql://u:secret@h/db?table=a&table=b",
            "postgresql://u:secret@h/db?table=a&query=b",
            "postgresql://u:secret@h/db?table=%FF",
        ] {
            let PipelineError::Usage { message, remedy } = DatabaseAddress::parse(text).unwrap_err() else {
                panic!("{text}")
            };
            assert!(!message.contains("secret") && remedy.contains("table="), "{message}; {remedy}");
        }
    }

    #[test]
    fn paths_are_no_addresses_and_addresses_of_others_are_refused_without_showing_them() {
        let find = |text: &str| DatabaseAddress::find(text);
        assert!(find("postgres://h/db?table=a").unwrap().is_some());
        assert!(find("sqlite+pysqlite:///x.db?table=a").unwrap().is_some());
        for path in [
            "data/*.csv",
            "-",
            "file:///x.csv",
            "postgresql.csv",
            "s3://b/*.csv",
            "az://c/x?.csv",
            "https://h/x.csv",
        ] {
            assert!(find(path).unwrap().is_none(), "{path}");
        }
        for other in [
            "https://me:secret@x/y",
            "https://h/y?sig=secret",
            "postgresq://me:secret@h/db?table=t",
            "jdbc:x://me:secret@h",
        ] {
            let error = find(other).unwrap_err();
            assert!(!format!("{error:?}").contains("secret"), "{error:?}");
        }
    }

    #[test]
    fn the_same_table_of_another_database_is_another_one() {
        let identity = |text: &str| DatabaseAddress::parse(text).unwrap().identity();
        let here = identity("postgresql://me:a@h/db?table=s.t");
        assert_eq!(here, identity("postgresql://you@h/db?table=s.t"));
        assert_ne!(here, identity("postgresql://me:a@h/other?table=s.t"));
        assert_ne!(here, identity("postgresql://me:a@h/db?table=t"));
    }
}
