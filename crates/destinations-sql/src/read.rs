//! Reads rows back, for summaries and tests.

use cartage_destinations_api::{DatasetReader, Error, Result, Statement};

use crate::destination::SqlDestination;
use crate::engine::{SqlEngine, SqlSession};

impl<E: SqlEngine> SqlDestination<E> {
    /// A session, if the dataset has the table.
    fn reading(&self, table: &str) -> Result<E::Session<'_>> {
        let dataset = &self.datasets().dataset;
        if let Some(session) = self.engine().existing_session()?
            && session.has_table(dataset, table)?
        {
            return Ok(session);
        }
        let place = self.engine().description().location;
        Err(Error::terminal(format!("there is no table {table} in dataset {dataset} of {place}")))
    }
}

impl<E: SqlEngine> DatasetReader for SqlDestination<E> {
    fn tables(&self) -> Result<Vec<String>> {
        let session = self.engine().existing_session()?;
        session.map_or(Ok(Vec::new()), |session| session.tables(&self.datasets().dataset))
    }

    fn columns(&self, table: &str) -> Result<Vec<(String, String)>> {
        self.reading(table)?.columns(&self.direct(table))
    }

    fn count(&self, table: &str) -> Result<u64> {
        let session = self.reading(table)?;
        let name = self.dialect().qualified(&self.direct(table));
        let count =
            Statement::new(format!("count the rows of {table}"), format!("SELECT count(*) FROM {name}"));
        let count = session.query(&count)?.first().map(|row| row.int(0)).transpose()?;
        Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or_default())
    }

    fn rows(&self, table: &str) -> Result<Vec<Vec<Option<String>>>> {
        let session = self.reading(table)?;
        let columns = session.columns(&self.direct(table))?;
        let texts: Vec<String> = columns.iter().map(|(name, _)| self.dialect().as_text(name)).collect();
        let name = self.dialect().qualified(&self.direct(table));
        let select =
            Statement::new(format!("read table {table}"), format!("SELECT {} FROM {name}", texts.join(", ")));
        let rows = session.query(&select)?;
        rows.iter().map(|row| (0..columns.len()).map(|column| row.shown(column)).collect()).collect()
    }
}
