//! Gives back what is stored: state, schemas, rows.

use cartage_destinations_api::sql::system_rows::{self, WhichSchema};
use cartage_destinations_api::sql::{Dialect, Statement, TableRef};
use cartage_destinations_api::{DatasetReader, Error, Result, StateSync, StoredSchema, StoredState, system};

use crate::client::Session;
use crate::destination::Postgres;
use crate::pool::Pooled;
use crate::schema_sql::PostgresDialect;

impl Postgres {
    /// A session, if the dataset has all of `tables`.
    fn session_with(&self, tables: &[&str]) -> Result<Option<Pooled<'_>>> {
        let session = self.pool.session()?;
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
        let statement = system_rows::newest_state(&PostgresDialect, self.dataset(), pipeline);
        let rows = session.query(&statement, |row| {
            let version: i64 = row.try_get(0)?;
            let version = u64::try_from(version).unwrap_or_default();
            Ok(StoredState::new(version, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?))
        })?;
        Ok(rows.into_iter().next())
    }

    fn stored_schema(&self, which: WhichSchema<'_>) -> Result<Option<StoredSchema>> {
        let Some(session) = self.session_with(&[system::VERSION_TABLE])? else { return Ok(None) };
        let statement = system_rows::stored_schema(&PostgresDialect, self.dataset(), which);
        let rows: Vec<(String, i64, String, String)> = session.query(&statement, |row| {
            Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?))
        })?;
        let Some((name, version, hash, stored)) = rows.into_iter().next() else { return Ok(None) };
        let document =
            system::decode_schema(&stored).map_err(|error| error.context(format!("schema {name}")))?;
        Ok(Some(StoredSchema::new(name, u64::try_from(version).unwrap_or_default(), hash, document)))
    }

    fn reading(&self, table: &str) -> Result<Pooled<'_>> {
        self.session_with(&[table])?.ok_or_else(|| {
            Error::terminal(format!(
                "there is no table {table} in dataset {} of {}",
                self.dataset(),
                self.pool.config().place()
            ))
        })
    }
}

impl StateSync for Postgres {
    fn newest_state(&self, pipeline: &str) -> Result<Option<StoredState>> {
        self.stored_state(&*self.pool.session()?, pipeline)
    }

    fn newest_schema(&self, name: &str) -> Result<Option<StoredSchema>> {
        self.stored_schema(WhichSchema::Newest(name))
    }

    fn schema_by_hash(&self, hash: &str) -> Result<Option<StoredSchema>> {
        self.stored_schema(WhichSchema::Hash(hash))
    }
}

impl DatasetReader for Postgres {
    fn tables(&self) -> Result<Vec<String>> {
        self.pool.session()?.tables(self.dataset())
    }

    fn columns(&self, table: &str) -> Result<Vec<(String, String)>> {
        let session = self.reading(table)?;
        let statement = Statement::new(
            format!("read the columns of {table}"),
            "SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod) \
             FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p') \
             AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
        )
        .with_params(vec![self.dataset().into(), table.into()]);
        session.query(&statement, |row| Ok((row.try_get(0)?, row.try_get(1)?)))
    }

    fn count(&self, table: &str) -> Result<u64> {
        let session = self.reading(table)?;
        let name = PostgresDialect.qualified(&TableRef::new(self.dataset(), table));
        let statement =
            Statement::new(format!("count the rows of {table}"), format!("SELECT count(*) FROM {name}"));
        let counts: Vec<i64> = session.query(&statement, |row| row.try_get(0))?;
        Ok(counts.first().and_then(|count| u64::try_from(*count).ok()).unwrap_or_default())
    }

    fn rows(&self, table: &str) -> Result<Vec<Vec<Option<String>>>> {
        let columns = DatasetReader::columns(self, table)?;
        let session = self.reading(table)?;
        let texts: Vec<String> =
            columns.iter().map(|(name, _)| format!("{}::text", PostgresDialect.quote(name))).collect();
        let name = PostgresDialect.qualified(&TableRef::new(self.dataset(), table));
        let statement =
            Statement::new(format!("read table {table}"), format!("SELECT {} FROM {name}", texts.join(", ")));
        session.query(&statement, |row| (0..columns.len()).map(|index| row.try_get(index)).collect())
    }
}
