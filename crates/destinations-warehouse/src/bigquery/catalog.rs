//! What is at the service: datasets, tables and their columns, asked for without a query.

use cartage_destinations_api::{Result, Statement};
use cartage_destinations_sql::statements::TableRef;
use cartage_destinations_sql::statements::ddl::Existing;
use cartage_destinations_sql::{Row, SqlSession};
use cartage_schema::Table;
use serde_json::{Value, json};

use super::error::Fault;
use super::session::Session;

impl Session {
    /// What the service knows of something; `None` where there is nothing of that name.
    fn known(&self, parts: &[&str], doing: &str) -> Result<Option<Value>> {
        match self.wait(self.api().get(&self.api().data_path(parts), &[])) {
            Ok(found) => Ok(Some(found)),
            Err(fault) if fault.is_not_found() && !fault.message.contains("Not found: Project") => Ok(None),
            Err(fault) => Err(fault.error(doing)),
        }
    }

    fn table(&self, dataset: &str, table: &str) -> Result<Option<Value>> {
        let doing = format!("look for table {table} of dataset {dataset}");
        let found = self.known(&["datasets", dataset, "tables", table], &doing)?;
        Ok(found.filter(is_table))
    }

    fn names(&self, dataset: &str) -> Result<Vec<String>, Fault> {
        let path = self.api().data_path(&["datasets", dataset, "tables"]);
        let mut names = Vec::new();
        let mut query = vec![("maxResults", "1000".to_owned())];
        loop {
            let page = self.wait(self.api().get(&path, &query))?;
            let tables = page["tables"].as_array().into_iter().flatten().filter(|table| is_table(table));
            names.extend(
                tables.filter_map(|table| Some(table["tableReference"]["tableId"].as_str()?.to_owned())),
            );
            match page["nextPageToken"].as_str().filter(|token| !token.is_empty()) {
                Some(token) => query = vec![query.swap_remove(0), ("pageToken", token.to_owned())],
                None => return Ok(names),
            }
        }
    }
}

/// Views, external tables and the like are none of ours.
fn is_table(table: &Value) -> bool {
    table["type"].as_str().is_none_or(|kind| ["TABLE", "CLONE"].contains(&kind))
}

fn columns_of(table: &Value) -> Vec<(String, String)> {
    let fields = table["schema"]["fields"].as_array().into_iter().flatten();
    fields.map(|field| (field["name"].as_str().unwrap_or_default().to_owned(), type_of(field))).collect()
}

/// The type of a column as statements spell it; the service has other names for some.
fn type_of(field: &Value) -> String {
    let text = |key: &str| field[key].as_str();
    let kind = match text("type").unwrap_or_default() {
        "INTEGER" => "INT64",
        "FLOAT" => "FLOAT64",
        "BOOLEAN" => "BOOL",
        "RECORD" => "STRUCT",
        kind => kind,
    };
    let sizes: Vec<&str> = ["precision", "scale", "maxLength"].iter().filter_map(|key| text(key)).collect();
    let sized = if sizes.is_empty() { kind.to_owned() } else { format!("{kind}({})", sizes.join(",")) };
    if text("mode") == Some("REPEATED") { format!("ARRAY<{sized}>") } else { sized }
}

impl SqlSession for Session {
    fn execute(&self, statement: &Statement) -> Result<u64> {
        Ok(self.run_statement(statement)?.changed_rows())
    }

    fn query(&self, statement: &Statement) -> Result<Vec<Row>> {
        self.all_rows(statement)
    }

    fn begin(&self) -> Result<()> {
        self.begin_transaction()
    }

    fn commit(&self) -> Result<()> {
        self.commit_transaction()
    }

    fn roll_back(&self) {
        self.give_up();
    }

    fn create_dataset(&self, dataset: &str) -> Result<()> {
        if self.has_dataset(dataset)? {
            return Ok(());
        }
        let config = &self.api().config;
        let reference = json!({ "projectId": config.project, "datasetId": dataset });
        let mut document = json!({ "datasetReference": reference, "location": config.location });
        if config.sets_case_sensitivity {
            document["isCaseInsensitive"] = (!config.case_sensitive).into();
        }
        match self.wait(self.api().post(&self.api().data_path(&["datasets"]), &document)) {
            Err(fault) if !fault.is_duplicate() => Err(fault.error(&format!("create dataset {dataset}"))),
            _ => Ok(()),
        }
    }

    fn drop_empty_dataset(&self, dataset: &str) -> Result<()> {
        let path = self.api().data_path(&["datasets", dataset]);
        match self.wait(self.api().delete(&path, &[("deleteContents", "false".to_owned())])) {
            Err(fault) if !fault.is_not_found() => Err(fault.error(&format!("remove dataset {dataset}"))),
            _ => Ok(()),
        }
    }

    fn has_dataset(&self, dataset: &str) -> Result<bool> {
        Ok(self.known(&["datasets", dataset], &format!("look for dataset {dataset}"))?.is_some())
    }

    fn tables(&self, dataset: &str) -> Result<Vec<String>> {
        match self.names(dataset) {
            Ok(mut names) => {
                names.sort();
                Ok(names)
            }
            Err(fault) if fault.is_not_found() => Ok(Vec::new()),
            Err(fault) => Err(fault.error(&format!("list the tables of dataset {dataset}"))),
        }
    }

    fn has_table(&self, dataset: &str, table: &str) -> Result<bool> {
        Ok(self.table(dataset, table)?.is_some())
    }

    fn columns(&self, table: &TableRef) -> Result<Vec<(String, String)>> {
        Ok(self.table(&table.dataset, &table.table)?.map_or(Vec::new(), |found| columns_of(&found)))
    }

    fn existing(&self, dataset: &str, tables: &[&Table]) -> Result<Existing> {
        let mut existing = Existing::default();
        for table in tables {
            if let Some(found) = self.table(dataset, &table.name)? {
                let names = columns_of(&found).into_iter().map(|(name, _)| name);
                existing.insert(self.dialect(), &table.name, names);
            }
        }
        Ok(existing)
    }

    /// The ledger and its dataset stay: nothing could keep another pipeline from writing its entries between the
    /// question whether there are any and the removal.
    fn may_create_datasets(&self) -> Result<bool> {
        Ok(false)
    }
}
