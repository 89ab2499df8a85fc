//! A session as the protocol of loads wants it: statements, transactions, and what is at the service.

use std::collections::HashSet;
use std::sync::{MutexGuard, PoisonError};

use cartage_destinations_api::{Result, Statement};
use cartage_destinations_sql::statements::ddl::Existing;
use cartage_destinations_sql::statements::{Dialect as _, TableRef};
use cartage_destinations_sql::{InformationSchema, Row, SqlSession};
use cartage_schema::Table;

use super::session::Session;

/// A number with its digits, everything else by its name.
const COLUMN_TYPE: &str = "CASE WHEN data_type = 'NUMBER' THEN 'NUMBER(' || numeric_precision || ',' || \
                           numeric_scale || ')' ELSE data_type END";
impl Session {
    fn catalog(&self) -> InformationSchema<'_, Self> {
        InformationSchema::new(self, &self.about().dialect, COLUMN_TYPE)
    }

    /// The name as the database stores it.
    fn stored(&self, name: &str) -> String {
        self.about().dialect.stored(name)
    }

    /// Makes the staging dataset the one that names without dataset belong to: those of temporary tables.
    fn use_staging(&self) -> Result<()> {
        if self.has_schema.get() {
            return Ok(());
        }
        let staging = self.about().dialect.dataset(&self.about().staging);
        self.control(&format!("USE SCHEMA {staging}"), "use the staging dataset")?;
        self.has_schema.set(true);
        Ok(())
    }

    fn made(&self) -> MutexGuard<'_, HashSet<String>> {
        self.about().made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a dataset has a stage that has to stay: with files that are to be kept, or one of other users.
    fn has_other_stages(&self, dataset: &str) -> Result<bool> {
        let show = format!("SHOW STAGES IN SCHEMA {}", self.about().dialect.dataset(dataset));
        let stages = self.answer(&Statement::new("which stages the dataset has", show))?.rows;
        let name = stages.names.iter().position(|name| name.eq_ignore_ascii_case("name")).unwrap_or_default();
        let names = stages.rows.iter().map(|row| row.text(name)).collect::<Result<Vec<_>>>()?;
        Ok(names.iter().any(|stage| !self.about().stage.may_go(stage)))
    }

    fn restored(&self, name: &str) -> String {
        self.about().dialect.restored(name)
    }
}

impl SqlSession for Session {
    fn execute(&self, statement: &Statement) -> Result<u64> {
        let rows = self.answer(statement)?.rows;
        let counts =
            ["number of rows inserted", "number of rows updated", "number of rows deleted", "rows_loaded"];
        Ok(rows.sum(|name| counts.contains(&name.to_lowercase().as_str())).unwrap_or_default())
    }

    fn query(&self, statement: &Statement) -> Result<Vec<Row>> {
        Ok(self.answer(statement)?.rows.rows)
    }

    fn begin(&self) -> Result<()> {
        if let Err(error) = self.use_staging() {
            // Another load has removed it, as the ledger tells below.
            tracing::debug!(%error, "there is no staging dataset");
        }
        self.in_transaction.set(true);
        self.control("BEGIN", "begin a transaction")
    }

    /// Where the answer is lost, the session is not used again: the ledger tells what became of the transaction.
    fn commit(&self) -> Result<()> {
        self.control("COMMIT", "commit")?;
        self.in_transaction.set(false);
        Ok(())
    }

    fn roll_back(&self) {
        match self.control("ROLLBACK", "undo the transaction") {
            Ok(()) => self.in_transaction.set(false),
            Err(error) => {
                self.spoil();
                tracing::debug!(%error, "the transaction ends with its session");
            }
        }
    }

    /// Even `IF NOT EXISTS` needs the right to make one, so it is looked for. The staging dataset has the stage.
    fn create_dataset(&self, dataset: &str) -> Result<()> {
        let create = self.about().dialect.create_dataset(dataset);
        if let Some(create) = create
            && !self.has_dataset(dataset)?
        {
            // The session goes on in the new one.
            self.has_schema.set(false);
            self.control(&create, &format!("create dataset {dataset}"))?;
            self.made().insert(dataset.to_owned());
        }
        match self.about().stage.create() {
            Some(create) if *dataset == self.about().staging => {
                self.control(create, "create the stage for files")
            }
            _ => Ok(()),
        }
    }

    /// The service would remove it with all that is in it, so tables and stages are looked for. The stage goes with the files
    /// that attempts have left on it; the dataset only where this process could make it.
    fn drop_empty_dataset(&self, dataset: &str) -> Result<()> {
        if let Some(remove) = self.about().stage.removal()
            && *dataset == self.about().staging
            && let Err(error) = self.control(&remove, "remove the stage for files")
        {
            tracing::debug!(%error, "the stage stays");
        }
        let is_ours = self.made().contains(dataset);
        if !is_ours || !self.has_dataset(dataset)? || self.has_other_stages(dataset)? {
            return Ok(());
        }
        // Temporary tables of this session are listed too; the ledger of another load is not one of them.
        let content = "SELECT table_name FROM information_schema.tables WHERE table_schema = ? \
                       AND (LEFT(table_name, 9) <> '_CARTAGE_' OR table_name = '_CARTAGE_LEDGER') LIMIT 1";
        let content = Statement::new(format!("whether dataset {dataset} is empty"), content)
            .with_params(vec![self.stored(dataset).as_str().into()]);
        if self.has_row(&content)? {
            return Ok(());
        }
        self.has_schema.set(false);
        self.made().remove(dataset);
        let name = self.about().dialect.dataset(dataset);
        self.control(&format!("DROP SCHEMA IF EXISTS {name}"), &format!("remove dataset {dataset}"))
    }

    fn has_dataset(&self, dataset: &str) -> Result<bool> {
        self.catalog().has_dataset(&self.stored(dataset))
    }

    fn tables(&self, dataset: &str) -> Result<Vec<String>> {
        let tables = self.catalog().tables(&self.stored(dataset))?;
        Ok(tables.iter().map(|table| self.restored(table)).collect())
    }

    fn has_table(&self, dataset: &str, table: &str) -> Result<bool> {
        self.catalog().has_table(&self.stored(dataset), &self.stored(table))
    }

    fn columns(&self, table: &TableRef) -> Result<Vec<(String, String)>> {
        let stored = TableRef::new(self.stored(&table.dataset), self.stored(&table.table));
        let columns = self.catalog().columns(&stored)?;
        Ok(columns.into_iter().map(|(name, kind)| (self.restored(&name), kind)).collect())
    }

    fn existing(&self, dataset: &str, _tables: &[&Table]) -> Result<Existing> {
        self.catalog().existing(&self.stored(dataset))
    }
}
