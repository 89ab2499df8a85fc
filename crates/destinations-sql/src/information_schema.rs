//! What is in a database as the views of the SQL standard tell it: `information_schema`.
//!
//! Servers compare names there in their own way, so what they give is compared again as the dialect folds it.

use cartage_destinations_api::{Result, Statement};

use crate::engine::SqlSession;
use crate::row::Row;
use crate::statements::ddl::Existing;
use crate::statements::{Dialect, TableRef};

/// The views, asked through a session.
#[derive(Debug)]
pub struct InformationSchema<'a, S> {
    session: &'a S,
    dialect: &'a dyn Dialect,
    /// The expression for the type of a column.
    column_type: &'static str,
}

impl<'a, S: SqlSession> InformationSchema<'a, S> {
    /// The views as `session` sees them; `column_type` is the expression over `columns` that gives the type of one.
    pub fn new(session: &'a S, dialect: &'a dyn Dialect, column_type: &'static str) -> Self {
        Self { session, dialect, column_type }
    }

    /// Whether a dataset is there.
    ///
    /// # Errors
    /// As for [`SqlSession::query`].
    pub fn has_dataset(&self, dataset: &str) -> Result<bool> {
        let select = "schema_name FROM information_schema.schemata WHERE schema_name =";
        Ok(!self.ask("whether the dataset is there", select, dataset, "")?.is_empty())
    }

    /// Names of the tables of a dataset, sorted, without views.
    ///
    /// # Errors
    /// As for [`SqlSession::query`].
    pub fn tables(&self, dataset: &str) -> Result<Vec<String>> {
        let select = "table_schema, table_name FROM information_schema.tables \
                      WHERE table_type = 'BASE TABLE' AND table_schema =";
        let rows = self.ask("list the tables of the dataset", select, dataset, "")?;
        let mut tables = rows.iter().map(|row| row.text(1)).collect::<Result<Vec<_>>>()?;
        tables.sort();
        Ok(tables)
    }

    /// Whether a table is there.
    ///
    /// # Errors
    /// As for [`SqlSession::query`].
    pub fn has_table(&self, dataset: &str, table: &str) -> Result<bool> {
        let select = format!(
            "table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE' \
             AND table_name = {} AND table_schema = {}",
            self.dialect.placeholder(1),
            self.dialect.placeholder(2)
        );
        let statement =
            Statement::new(format!("whether there is a table {table}"), format!("SELECT {select}"))
                .with_params(vec![table.into(), dataset.into()]);
        let is_same = |left: &str, right: &str| self.dialect.fold(left) == self.dialect.fold(right);
        let rows = self.session.query(&statement)?;
        let is_it = |row: &Row| Ok(is_same(&row.text(0)?, dataset) && is_same(&row.text(1)?, table));
        Ok(rows.iter().map(is_it).collect::<Result<Vec<bool>>>()?.contains(&true))
    }

    /// Name and type of each column of a table, in its order.
    ///
    /// # Errors
    /// As for [`SqlSession::query`].
    pub fn columns(&self, table: &TableRef) -> Result<Vec<(String, String)>> {
        let mut columns = self.all_columns(&table.dataset)?;
        columns.retain(|(name, ..)| self.dialect.fold(name) == self.dialect.fold(&table.table));
        Ok(columns.into_iter().map(|(_, column, type_name)| (column, type_name)).collect())
    }

    /// All tables of a dataset with their columns, by one question.
    ///
    /// # Errors
    /// As for [`SqlSession::query`].
    pub fn existing(&self, dataset: &str) -> Result<Existing> {
        let columns = self.all_columns(dataset)?.into_iter().map(|(table, column, _)| (table, column));
        Ok(Existing::of(self.dialect, &columns.collect::<Vec<_>>()))
    }

    /// Table, name and type of each column of a dataset.
    fn all_columns(&self, dataset: &str) -> Result<Vec<(String, String, String)>> {
        let select = format!(
            "table_schema, table_name, column_name, {} FROM information_schema.columns WHERE table_schema =",
            self.column_type
        );
        let order = "ORDER BY table_name, ordinal_position";
        let rows = self.ask("read the columns of the dataset", &select, dataset, order)?;
        let mut columns = rows
            .iter()
            .map(|row| Ok((row.text(1)?, row.text(2)?, row.text(3)?)))
            .collect::<Result<Vec<_>>>()?;
        // Tables whose names differ only in case may come mixed.
        columns.sort_by(|left, right| left.0.cmp(&right.0));
        Ok(columns)
    }

    /// Rows whose first column is the name of the dataset, which the condition ends before.
    fn ask(&self, purpose: &str, select: &str, dataset: &str, order: &str) -> Result<Vec<Row>> {
        let sql = format!("SELECT {select} {} {order}", self.dialect.placeholder(1));
        let statement = Statement::new(purpose, sql.trim_end()).with_params(vec![dataset.into()]);
        let mut rows = self.session.query(&statement)?;
        rows.retain(|row| {
            row.text(0).is_ok_and(|found| self.dialect.fold(&found) == self.dialect.fold(dataset))
        });
        Ok(rows)
    }
}
