//! What is in the database: its system tables. All datasets are in one, so names of tables begin with their dataset's.

use cartage_destinations_api::{Result, Statement};
use cartage_destinations_sql::Row;
use cartage_destinations_sql::statements::ddl::Existing;
use cartage_destinations_sql::statements::{Dialect as _, TableRef};
use cartage_schema::Table;

use crate::client::Client;
use crate::dialect::ClickHouseDialect;
use crate::statement;

/// The system tables, asked by a client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Catalog<'s> {
    pub(crate) client: &'s Client,
    pub(crate) dialect: &'s ClickHouseDialect,
}

impl Catalog<'_> {
    fn ask(self, purpose: &str, select: &str, names: &[&str]) -> Result<Vec<Row>> {
        let mut params = vec![self.client.config().login.database.as_str().into()];
        params.extend(names.iter().map(|name| (*name).into()));
        let asked = Statement::new(purpose, select).with_params(params);
        statement::rows(&self.client.run(purpose, statement::text(&asked))?)
    }

    fn run(self, purpose: &str, sql: String) -> Result<()> {
        self.client.run(purpose, sql).map(drop)
    }

    /// All tables of a dataset, that which stands for it among them.
    fn all_tables(self, dataset: &str) -> Result<Vec<String>> {
        let beginning = self.dialect.beginning(dataset);
        let select =
            "SELECT name FROM system.tables WHERE database = {p1} AND startsWith(name, {p2}) ORDER BY name";
        let rows = self.ask("list the tables of the dataset", select, &[&beginning])?;
        rows.iter().map(|row| row.text(0).map(|name| name[beginning.len()..].to_owned())).collect()
    }

    pub(crate) fn tables(self, dataset: &str) -> Result<Vec<String>> {
        let mut tables = self.all_tables(dataset)?;
        tables.retain(|table| table != self.dialect.sentinel());
        Ok(tables)
    }

    /// Datasets of other programs may lack the table that says so.
    pub(crate) fn has_dataset(self, dataset: &str) -> Result<bool> {
        Ok(!self.all_tables(dataset)?.is_empty())
    }

    pub(crate) fn create_dataset(self, dataset: &str) -> Result<()> {
        if self.has_table(dataset, self.dialect.sentinel())? {
            return Ok(());
        }
        let create = self.dialect.create_dataset(dataset).unwrap_or_default();
        self.run(&format!("create dataset {dataset}"), create)
    }

    pub(crate) fn drop_empty_dataset(self, dataset: &str) -> Result<()> {
        if !self.tables(dataset)?.is_empty() {
            return Ok(());
        }
        let sentinel = self.dialect.qualified(&TableRef::new(dataset, self.dialect.sentinel()));
        self.run(&format!("remove dataset {dataset}"), format!("DROP TABLE IF EXISTS {sentinel}"))
    }

    pub(crate) fn has_table(self, dataset: &str, table: &str) -> Result<bool> {
        let name = self.dialect.name(&TableRef::new(dataset, table));
        let select = "SELECT 1 FROM system.tables WHERE database = {p1} AND name = {p2}";
        Ok(!self.ask("whether the table is there", select, &[&name])?.is_empty())
    }

    pub(crate) fn columns(self, table: &TableRef) -> Result<Vec<(String, String)>> {
        let name = self.dialect.name(table);
        let select =
            "SELECT name, type FROM system.columns WHERE database = {p1} AND table = {p2} ORDER BY position";
        let rows = self.ask("list the columns of the table", select, &[&name])?;
        rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
    }

    pub(crate) fn existing(self, dataset: &str, tables: &[&Table]) -> Result<Existing> {
        let beginning = self.dialect.beginning(dataset);
        let select = "SELECT table, name FROM system.columns WHERE database = {p1} AND startsWith(table, {p2}) \
                      ORDER BY table, position";
        let rows = self.ask("list the columns of the dataset", select, &[&beginning])?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            let table = row.text(0)?[beginning.len()..].to_owned();
            if tables.iter().any(|wanted| wanted.name == table) {
                found.push((table, row.text(1)?));
            }
        }
        Ok(Existing::of(self.dialect, &found))
    }
}
