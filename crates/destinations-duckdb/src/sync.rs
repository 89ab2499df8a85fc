//! Gives back what is stored: state, schemas, rows.

use cartage_destinations_api::sql::system_rows::{self, WhichSchema};
use cartage_destinations_api::sql::{Dialect, Statement, TableRef};
use cartage_destinations_api::{DatasetReader, Error, Result, StateSync, StoredSchema, StoredState, system};

use crate::client::Session;
use crate::destination::DuckDb;
use crate::schema_sql::{CATALOG, DuckDbDialect};

impl DuckDb {
    /// A session, if the database has all of `tables` in the dataset.
    fn session_with(&self, tables: &[&str]) -> Result<Option<Session>> {
        let Some(session) = self.client.existing()? else { return Ok(None) };
        for table in tables {
            if !session.has_table(self.dataset(), table)? {
                return Ok(None);
            }
        }
        Ok(Some(session))
    }

    /// The newest state of `pipeline` among complete loads, as this session sees it.
    pub(crate) fn stored_state(&self, session: &Session, pipeline: &str) -> Result<Option<StoredState>> {
        for table in [system::STATE_TABLE, system::LOADS_TABLE] {
            if !session.has_table(self.dataset(), table)? {
                return Ok(None);
            }
        }
        let statement = system_rows::newest_state(&DuckDbDialect, self.dataset(), pipeline);
        let rows = session.query(&statement, |row| {
            let version: i64 = row.get(0)?;
            let version = u64::try_from(version).unwrap_or_default();
            Ok(StoredState::new(version, row.get(1)?, row.get(2)?, row.get(3)?))
        })?;
        Ok(rows.into_iter().next())
    }

    fn stored_schema(&self, which: WhichSchema<'_>) -> Result<Option<StoredSchema>> {
        let Some(session) = self.session_with(&[system::VERSION_TABLE])? else { return Ok(None) };
        let statement = system_rows::stored_schema(&DuckDbDialect, self.dataset(), which);
        let rows: Vec<(String, i64, String, String)> =
            session.query(&statement, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        let Some((name, version, hash, stored)) = rows.into_iter().next() else { return Ok(None) };
        let document =
            system::decode_schema(&stored).map_err(|error| error.context(format!("schema {name}")))?;
        Ok(Some(StoredSchema::new(name, u64::try_from(version).unwrap_or_default(), hash, document)))
    }

    fn reading(&self, table: &str) -> Result<Session> {
        self.session_with(&[table])?.ok_or_else(|| {
            Error::terminal(format!(
                "there is no table {table} in dataset {} of {}",
                self.dataset(),
                self.place()
            ))
        })
    }

    fn place(&self) -> String {
        self.client
            .config()
            .path
            .as_ref()
            .map_or_else(|| ":memory:".to_owned(), |path| path.display().to_string())
    }
}

impl StateSync for DuckDb {
    fn newest_state(&self, pipeline: &str) -> Result<Option<StoredState>> {
        let _look = self.client.look();
        let Some(session) = self.client.existing()? else { return Ok(None) };
        self.stored_state(&session, pipeline)
    }

    fn newest_schema(&self, name: &str) -> Result<Option<StoredSchema>> {
        let _look = self.client.look();
        self.stored_schema(WhichSchema::Newest(name))
    }

    fn schema_by_hash(&self, hash: &str) -> Result<Option<StoredSchema>> {
        let _look = self.client.look();
        self.stored_schema(WhichSchema::Hash(hash))
    }
}

impl DatasetReader for DuckDb {
    fn tables(&self) -> Result<Vec<String>> {
        let _look = self.client.look();
        self.client.existing()?.map_or(Ok(Vec::new()), |session| session.tables(self.dataset()))
    }

    fn columns(&self, table: &str) -> Result<Vec<(String, String)>> {
        let _look = self.client.look();
        let session = self.reading(table)?;
        let statement = Statement::new(
            format!("read the columns of {table}"),
            "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = ? \
             AND lower(schema_name) = lower(?) AND lower(table_name) = lower(?) ORDER BY column_index",
        )
        .with_params(vec![CATALOG.into(), self.dataset().into(), table.into()]);
        session.query(&statement, |row| Ok((row.get(0)?, row.get(1)?)))
    }

    fn count(&self, table: &str) -> Result<u64> {
        let _look = self.client.look();
        let session = self.reading(table)?;
        let name = DuckDbDialect.qualified(&TableRef::new(self.dataset(), table));
        let statement =
            Statement::new(format!("count the rows of {table}"), format!("SELECT count(*) FROM {name}"));
        let counts: Vec<i64> = session.query(&statement, |row| row.get(0))?;
        Ok(counts.first().and_then(|count| u64::try_from(*count).ok()).unwrap_or_default())
    }

    fn rows(&self, table: &str) -> Result<Vec<Vec<Option<String>>>> {
        let _look = self.client.look();
        let columns = DatasetReader::columns(self, table)?;
        let session = self.reading(table)?;
        let name = DuckDbDialect.qualified(&TableRef::new(self.dataset(), table));
        let statement = Statement::new(
            format!("read table {table}"),
            format!("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM {name}"),
        );
        session.query(&statement, |row| (0..columns.len()).map(|index| row.get(index)).collect())
    }
}
