//! Load id and row id of rows in columns, where they get them as rows of JSON do in normalize.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, StringBuilder};
use arrow::datatypes::{DataType as ArrowType, Field, Schema as ArrowSchema};
use arrow::error::ArrowError;
use cartage_schema::{
    Column, DataType, MergeOrigin, Naming, ROW_ID_CHARS, RowIdKind, Table, position_id, row_hash_id,
    table_seed,
};
use cartage_source_api::{SourceError, columnar_value};
use cartage_values::canonical;
use serde_json::{Map, Value};

use super::Extraction;
use crate::ExtractError;
use crate::writer::TableWriters;

const LOAD_ID: &str = "_dlt_load_id";
const ROW_ID: &str = "_dlt_id";

/// Stands for the number of a file: normalize counts those of JSON from 0 on, and their rows must have other ids.
const FILE: u32 = u32::MAX;

impl Extraction<'_> {
    /// The columns of the ids, behind those that the hints have.
    pub(super) fn add_id_columns(&mut self, resource: usize, table: &str) -> Result<(), ExtractError> {
        let unusable = |error: cartage_schema::SchemaError| ExtractError::Hints {
            source_name: self.source_name.clone(),
            resource: self.planned[resource].name.clone(),
            reason: error.to_string(),
        };
        let naming = self.naming();
        let inference = self.schema.inference(0.0).map_err(unusable)?;
        let known = self.schema.tables.get(table);
        let column = |name: &str| -> Option<(String, Column)> {
            let name = naming.normalize_identifier(name);
            let known = known.and_then(|table| table.columns.get(&name));
            if known.is_some_and(Column::is_complete) {
                return None;
            }
            let column = known.map_or_else(
                || inference.new_column(&name, DataType::Text),
                |hinted| inference.complete(hinted, DataType::Text),
            );
            // The type comes with the rows, so that the column stands behind theirs.
            Some((name, Column { data_type: None, ..column }))
        };
        let columns = [LOAD_ID, ROW_ID].into_iter().filter_map(column).collect();
        let change = Table { name: table.to_owned(), columns, ..Table::default() };
        self.schema.merge_table(change, MergeOrigin::Resource).map_err(unusable)?;
        Ok(())
    }

    /// The batch with the id of the load and ids of its rows. Ids that rows bring themselves stay.
    pub(super) fn with_row_ids(
        &self,
        writers: &mut TableWriters<'_>,
        resource: usize,
        table: &str,
        batch: &RecordBatch,
    ) -> Result<RecordBatch, ExtractError> {
        let naming = self.naming();
        let kind = self.schema.tables.get(table);
        let kind = kind.map_or(RowIdKind::Position, |table| self.schema.row_id_kind(table, &naming));
        let (load_id, first) = writers.number(table, batch.num_rows() as u64);
        let batch = with_ids(batch, &naming, &kind, load_id, (table_seed(load_id, table), first));
        batch.map_err(|cause| {
            let input = format!("resource `{}`", self.planned[resource].name);
            self.failed(resource, SourceError::Unusable { input, reason: cause.to_string() })
        })
    }

    fn naming(&self) -> Naming {
        self.schema.naming(self.publisher.settings.destination.max_name_length())
    }
}

fn with_ids(
    batch: &RecordBatch,
    naming: &Naming,
    kind: &RowIdKind,
    load_id: &str,
    (seed, first): (u64, u64),
) -> Result<RecordBatch, ArrowError> {
    let schema = batch.schema();
    let names: Vec<String> =
        schema.fields().iter().map(|field| naming.normalize_path(field.name())).collect();
    let [load_column, id_column] = [LOAD_ID, ROW_ID].map(|name| naming.normalize_identifier(name));
    let rows = batch.num_rows();
    let mut fields = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for ((field, column), name) in schema.fields().iter().zip(batch.columns()).zip(&names) {
        // Whatever load the row was of before.
        if *name != load_column {
            fields.push(Arc::clone(field));
            columns.push(Arc::clone(column));
        }
    }
    let text = |name: &str| Arc::new(Field::new(name, ArrowType::Utf8, false));
    fields.push(text(LOAD_ID));
    columns.push(Arc::new(StringArray::from_iter_values(std::iter::repeat_n(load_id, rows))));
    if !names.contains(&id_column) {
        fields.push(text(ROW_ID));
        let mut ids = StringBuilder::with_capacity(rows, rows * ROW_ID_CHARS);
        for row in 0..rows {
            match kind {
                RowIdKind::Position => {
                    let id = position_id(seed, FILE, first + row as u64);
                    ids.append_value(std::str::from_utf8(&id).expect("base64 is ASCII"));
                }
                RowIdKind::Key(key) => {
                    ids.append_value(hash_of(batch, &names, row, |name| key.contains(name))?);
                }
                RowIdKind::Row => {
                    ids.append_value(hash_of(batch, &names, row, |name| !name.starts_with("_dlt"))?);
                }
            }
        }
        columns.push(Arc::new(ids.finish()));
    }
    RecordBatch::try_new(Arc::new(ArrowSchema::new(fields)), columns)
}

/// A value as dlt's rows have it when they are hashed: with a mark of its type.
fn marked(field: &Field, column: &ArrayRef, row: usize) -> Result<Value, ArrowError> {
    let value = columnar_value(column, row)?;
    let Value::String(text) = value else { return Ok(value) };
    let mark = |mark: char, text: &str| Value::String(format!("{mark}{text}"));
    Ok(match column.data_type() {
        decimal if decimal.is_decimal() => mark('\u{f026}', &text),
        ArrowType::Timestamp(..) => mark('\u{f027}', &text.replace('Z', "+00:00")),
        ArrowType::Date32 | ArrowType::Date64 => mark('\u{f028}', &text),
        ArrowType::Binary | ArrowType::LargeBinary => mark('\u{f02b}', &text),
        ArrowType::Time32(_) | ArrowType::Time64(_) => {
            // Six digits or none.
            let (seconds, fraction) = text.split_once('.').unwrap_or((&text, ""));
            let fraction = if fraction.is_empty() { String::new() } else { format!(".{fraction:0<6}") };
            mark('\u{f02d}', &format!("{seconds}{fraction}"))
        }
        _ if field.metadata().values().any(|name| name == "arrow.json") => {
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        }
        _ => Value::String(text),
    })
}

/// The hash of the values of some columns, by the names that the rows have for them.
fn hash_of(
    batch: &RecordBatch,
    names: &[String],
    row: usize,
    counts: impl Fn(&String) -> bool,
) -> Result<String, ArrowError> {
    let mut values = HashMap::new();
    let schema = batch.schema();
    for ((name, column), field) in names.iter().zip(batch.columns()).zip(schema.fields()) {
        if counts(name) {
            values.insert(field.name().clone(), marked(field, column, row)?);
        }
    }
    // Canonical JSON sorts the keys.
    let values: Map<String, Value> = values.into_iter().collect();
    Ok(row_hash_id(&canonical::to_vec(&Value::Object(values))))
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, Date32Array, Decimal128Array, Int64Array};
    use cartage_schema::NamingKind;

    use super::*;

    fn batch(name: &str, values: Vec<i64>) -> RecordBatch {
        let column: ArrayRef = Arc::new(Int64Array::from(values));
        RecordBatch::try_from_iter([(name, column)]).unwrap()
    }

    fn ids(batch: &RecordBatch, kind: &RowIdKind, first: u64) -> Vec<String> {
        let naming = Naming::new(NamingKind::SnakeCase, None);
        let with = with_ids(batch, &naming, kind, "1.0", (7, first)).unwrap();
        let ids = with.column_by_name(ROW_ID).unwrap().as_string::<i32>().clone();
        assert_eq!(with.column_by_name(LOAD_ID).unwrap().as_string::<i32>().value(0), "1.0");
        ids.iter().map(|id| id.unwrap().to_owned()).collect()
    }

    #[test]
    fn rows_are_numbered_on_from_batch_to_batch() {
        let whole = ids(&batch("a", vec![1, 1, 1]), &RowIdKind::Position, 0);
        assert_ne!(whole[0], whole[1]);
        assert_eq!(ids(&batch("a", vec![5]), &RowIdKind::Position, 2)[0], whole[2]);
    }

    #[test]
    fn rows_of_the_same_content_have_one_id_where_it_is_compared() {
        let key = RowIdKind::Key(vec!["an_id".to_owned()]);
        let rows = ids(&batch("anId", vec![1, 2, 1]), &key, 0);
        assert!(rows[0] == rows[2] && rows[0] != rows[1]);
        assert_eq!(ids(&batch("anId", vec![1]), &RowIdKind::Row, 9)[0], rows[0]);
    }

    #[test]
    fn hashes_of_rows_are_dlts() {
        let columns: [(&str, ArrayRef); 5] = [
            ("id", Arc::new(Int64Array::from(vec![11]))),
            ("customer_id", Arc::new(Int64Array::from(vec![2]))),
            ("ordered_on", Arc::new(Date32Array::from(vec![19_724]))),
            ("total", Arc::new(Decimal128Array::from(vec![99]).with_precision_and_scale(10, 2).unwrap())),
            ("note", Arc::new(StringArray::from(vec!["gift"]))),
        ];
        let row = RecordBatch::try_from_iter(columns).unwrap();
        assert_eq!(ids(&row, &RowIdKind::Row, 0), ["oqurXmySc1iBTg"]);
    }

    #[test]
    fn ids_of_the_rows_stay_and_those_of_their_load_do_not() {
        let texts = |text: &str| -> ArrayRef { Arc::new(StringArray::from(vec![text])) };
        let own = RecordBatch::try_from_iter([(LOAD_ID, texts("0.5")), (ROW_ID, texts("mine"))]).unwrap();
        assert_eq!(ids(&own, &RowIdKind::Position, 0), ["mine"]);
    }
}
