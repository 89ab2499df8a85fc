//! The catalog of a database as its driver describes it.

use arrow::array::RecordBatch;
use cartage_source_api::columnar_value;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::SqlError;
use crate::reflected::ForeignKey;

/// A catalog with its schemas.
#[derive(Debug, Deserialize)]
pub(super) struct Catalog {
    catalog_db_schemas: Option<Vec<DbSchema>>,
}

#[derive(Debug, Deserialize)]
struct DbSchema {
    db_schema_name: Option<String>,
    db_schema_tables: Option<Vec<Table>>,
}

/// A table or view.
#[derive(Debug, Deserialize)]
pub(super) struct Table {
    /// Name of the table.
    #[serde(rename = "table_name")]
    pub(super) name: String,
    #[serde(rename = "table_type")]
    of: String,
    #[serde(rename = "table_columns")]
    columns: Option<Vec<Column>>,
    #[serde(rename = "table_constraints")]
    constraints: Option<Vec<Constraint>>,
}

#[derive(Debug, Deserialize)]
struct Column {
    #[serde(rename = "column_name")]
    name: String,
    xdbc_nullable: Option<i64>,
    xdbc_is_nullable: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Constraint {
    #[serde(rename = "constraint_type")]
    of: String,
    #[serde(default, rename = "constraint_column_names")]
    column_names: Vec<String>,
    #[serde(rename = "constraint_column_usage")]
    column_usage: Option<Vec<Usage>>,
}

#[derive(Debug, Deserialize)]
struct Usage {
    fk_table: String,
    fk_column_name: String,
}

impl Catalog {
    /// The catalogs in a batch.
    pub(super) fn in_batch(batch: &RecordBatch) -> Result<Vec<Self>, SqlError> {
        let schema = batch.schema();
        let broken = |cause: &dyn std::fmt::Display| {
            SqlError::new(format!("the driver describes its tables in a form that is not known: {cause}"))
        };
        let mut catalogs = Vec::new();
        for row in 0..batch.num_rows() {
            let mut catalog = Map::new();
            for (field, column) in schema.fields().iter().zip(batch.columns()) {
                let value = columnar_value(column, row).map_err(|cause| broken(&cause))?;
                catalog.insert(field.name().clone(), value);
            }
            let catalog = serde_json::from_value(Value::Object(catalog)).map_err(|cause| broken(&cause))?;
            catalogs.push(catalog);
        }
        Ok(catalogs)
    }

    /// Its tables in the schema; without one, in all but those of the system.
    pub(super) fn tables(self, schema: Option<&str>) -> impl Iterator<Item = Table> {
        let is_wanted = move |found: &DbSchema| match (schema, found.db_schema_name.as_deref()) {
            (Some(wanted), found) => found.is_some_and(|found| found == wanted),
            (None, Some(found)) => {
                let found = found.to_ascii_lowercase();
                found != "information_schema" && !found.starts_with("pg_")
            }
            (None, None) => true,
        };
        let schemas = self.catalog_db_schemas.into_iter().flatten();
        schemas.filter(is_wanted).flat_map(|schema| schema.db_schema_tables.into_iter().flatten())
    }
}

impl Table {
    /// Whether it is among all tables.
    pub(super) fn is_listed(&self, with_views: bool) -> bool {
        let of = self.of.to_ascii_lowercase();
        let is_view = of.contains("view");
        !of.contains("system")
            && !of.contains("index")
            && (with_views || !is_view)
            && (is_view || of.contains("table"))
    }

    /// Whether the column may be NULL, as far as the driver knows.
    pub(super) fn is_nullable(&self, name: &str) -> bool {
        let column = self.columns.iter().flatten().find(|found| found.name == name);
        let says_no = column.is_some_and(|column| {
            column.xdbc_nullable == Some(0) || column.xdbc_is_nullable.as_deref() == Some("NO")
        });
        !says_no && !self.primary_key().iter().any(|key| key == name)
    }

    /// Columns of the primary key.
    pub(super) fn primary_key(&self) -> Vec<String> {
        let key = self.constraints_of("PRIMARY KEY").next();
        key.map(|key| key.column_names.clone()).unwrap_or_default()
    }

    /// References to other tables.
    pub(super) fn references(&self) -> Vec<ForeignKey> {
        let reference = |key: &Constraint| {
            let usage = key.column_usage.as_ref()?;
            Some(ForeignKey {
                columns: key.column_names.clone(),
                table: usage.first()?.fk_table.clone(),
                referenced: usage.iter().map(|usage| usage.fk_column_name.clone()).collect(),
            })
        };
        self.constraints_of("FOREIGN KEY").filter_map(reference).collect()
    }

    fn constraints_of<'a>(&'a self, of: &'a str) -> impl Iterator<Item = &'a Constraint> {
        self.constraints.iter().flatten().filter(move |found| found.of == of)
    }
}
