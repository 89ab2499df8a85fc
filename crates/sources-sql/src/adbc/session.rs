//! One connection of a driver.

use std::collections::HashSet;

use adbc_core::error::{Error, Status};
use adbc_core::options::{InfoCode, ObjectDepth};
use adbc_core::{Connection as _, Statement as _};
use adbc_driver_manager::{ManagedConnection, ManagedStatement};
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Schema;

use super::error::Secrets;
use super::objects::{Catalog, Table};
use super::spelling::Spelling;
use crate::batches::{RowSink, Stop};
use crate::columnar::{Collector, kind_of};
use crate::database::Session;
use crate::error::SqlError;
use crate::reflected::{Reflected, ReflectedColumn, Relation};
use crate::statement::without_bounds;

/// A connection, and what its messages must not show.
pub(super) struct AdbcSession {
    connection: ManagedConnection,
    secrets: Secrets,
    spelling: Spelling,
}

impl AdbcSession {
    pub(super) fn new(connection: ManagedConnection, secrets: Secrets) -> Self {
        Self { connection, secrets, spelling: Spelling::of("") }
    }

    pub(super) fn with_spelling(self, spelling: Spelling) -> Self {
        Self { spelling, ..self }
    }

    /// Name of the database, as far as the driver says it.
    pub(super) fn vendor(&self) -> String {
        let codes = HashSet::from([InfoCode::VendorName]);
        let Ok(info) = self.connection.get_info(Some(codes)) else { return String::new() };
        let of = |batch: &RecordBatch| {
            let values = batch.columns().get(1)?.as_union_opt()?;
            let name = values.value(0);
            Some(name.as_string_opt::<i32>()?.value(0).to_owned())
        };
        info.flatten().filter(|batch| batch.num_rows() > 0).find_map(|batch| of(&batch)).unwrap_or_default()
    }

    fn tables(
        &self,
        depth: ObjectDepth,
        schema: Option<&str>,
        name: Option<&str>,
    ) -> Result<Vec<Table>, SqlError> {
        let failed = |cause: &Error| self.secrets.error("cannot list the tables", cause);
        let objects = self.connection.get_objects(depth, None, schema, name, None, None);
        let mut tables = Vec::new();
        for batch in objects.map_err(|cause| failed(&cause))? {
            let batch = batch.map_err(|cause| self.secrets.stream(&cause))?;
            for catalog in Catalog::in_batch(&batch)? {
                tables.extend(catalog.tables(schema));
            }
        }
        Ok(tables)
    }

    fn statement(&mut self, sql: &str) -> Result<ManagedStatement, Error> {
        let mut statement = self.connection.new_statement()?;
        statement.set_sql_query(sql)?;
        Ok(statement)
    }

    /// The columns of a statement; where the driver cannot say them, of the answer without rows.
    fn schema_of(&mut self, sql: &str, without_rows: &str) -> Result<Schema, Error> {
        if !self.spelling.has_types {
            return Ok(self.statement(sql)?.execute()?.schema().as_ref().clone());
        }
        match self.statement(sql)?.execute_schema() {
            Err(error) if error.status == Status::NotImplemented => {
                Ok(self.statement(without_rows)?.execute()?.schema().as_ref().clone())
            }
            found => found,
        }
    }

    fn columns(&self, schema: &Schema, table: Option<&Table>) -> Vec<ReflectedColumn> {
        let column = |field: &std::sync::Arc<arrow::datatypes::Field>| ReflectedColumn {
            name: field.name().clone(),
            declared: field.data_type().to_string(),
            // Fields of drivers often say that there are no NULLs without knowing it.
            nullable: table.is_none_or(|table| table.is_nullable(field.name())),
            kind: kind_of(field.data_type()),
            expression: self.spelling.quoted(field.name()),
            precision: None,
        };
        schema.fields().iter().map(column).collect()
    }
}

impl Session for AdbcSession {
    fn table_names(&mut self, schema: Option<&str>, with_views: bool) -> Result<Vec<String>, SqlError> {
        let tables = self.tables(ObjectDepth::Tables, schema, None)?.into_iter();
        let mut names: Vec<String> =
            tables.filter(|table| table.is_listed(with_views)).map(|table| table.name).collect();
        names.sort();
        Ok(names)
    }

    fn reflect(&mut self, relation: &Relation) -> Result<Reflected, SqlError> {
        let (sql, table) = match relation {
            Relation::Query(query) => (without_bounds(query), None),
            Relation::Table { schema, name } => {
                let place = schema.as_ref().map(|schema| format!("{}.", self.spelling.quoted(schema)));
                let place = place.unwrap_or_default() + &self.spelling.quoted(name);
                // A table whose keys are not known can still be read.
                let tables = self.tables(ObjectDepth::All, schema.as_deref(), Some(name)).unwrap_or_default();
                let table = tables.into_iter().find(|table| table.name == *name);
                (format!("SELECT * FROM {place}"), table)
            }
        };
        let without_rows = format!("SELECT * FROM ({sql}\n) AS q WHERE 1 = 0");
        let found = self.schema_of(&sql, &without_rows);
        let found = found.map_err(|cause| self.secrets.error("cannot find out its columns", &cause))?;
        Ok(Reflected {
            columns: self.columns(&found, table.as_ref()),
            primary_key: table.as_ref().map(Table::primary_key).unwrap_or_default(),
            references: table.as_ref().map(Table::references).unwrap_or_default(),
            indexed: None,
        })
    }

    fn read(mut self: Box<Self>, sql: &str, sink: &RowSink) -> Result<(), Stop> {
        let secrets = self.secrets.clone();
        let failed = |cause: Error| Stop::Failed(secrets.error("cannot read", &cause));
        let mut statement = self.statement(sql).map_err(failed)?;
        let mut rows = Collector::new(sink);
        for batch in statement.execute().map_err(failed)? {
            rows.take(&batch.map_err(|cause| secrets.stream(&cause))?)?;
        }
        rows.finish()
    }
}
