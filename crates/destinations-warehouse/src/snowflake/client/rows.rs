//! Rows of answers. Statements of ours ask for texts and whole numbers only.

use std::io::Read as _;

use arrow::array::{Array, ArrayRef, AsArray as _};
use arrow::compute::{can_cast_types, cast};
use arrow::datatypes::{DataType, Int64Type};
use arrow::util::display::array_value_to_string;
use arrow_ipc::reader::StreamReader;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cartage_destinations_sql::{Row, SqlValue};
use flate2::read::GzDecoder;
use serde_json::Value;

use super::failure::Failure;
use super::http::{Http, body, sent};
use super::protocol::{ColumnType, QueryAnswer};

/// Attempts to get a part of an answer.
const ATTEMPTS: u32 = 5;
/// The beginning of what gzip has compressed.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Rows with the names of their columns.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) names: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

impl Rows {
    /// All rows of an answer, also those that are elsewhere.
    pub(crate) async fn read(http: &Http, answer: QueryAnswer) -> Result<Self, Failure> {
        let columns = &answer.rowtype;
        let is_arrow = answer.query_result_format.as_deref() == Some("arrow");
        let mut rows = match (&answer.rowset, &answer.rowset_base64) {
            (Some(rowset), _) => of_texts(columns, rowset),
            (None, Some(text)) => {
                let bytes = STANDARD.decode(text).map_err(unreadable)?;
                of_arrow(columns, &bytes)?
            }
            (None, None) => Vec::new(),
        };
        for chunk in answer.chunks.iter().flatten() {
            let bytes = fetch(http, &chunk.url, &answer).await?;
            if is_arrow {
                rows.extend(of_arrow(columns, &bytes)?);
            } else {
                // The rows of a list, without its brackets.
                let list = [b"[", bytes.as_slice(), b"]"].concat();
                let rowset: Vec<Vec<Value>> = serde_json::from_slice(&list).map_err(unreadable)?;
                rows.extend(of_texts(columns, &rowset));
            }
        }
        Ok(Self { names: answer.rowtype.into_iter().map(|column| column.name).collect(), rows })
    }

    /// The sum of a column over all rows; `None` where there is no such column.
    pub(crate) fn sum(&self, is_it: impl Fn(&str) -> bool) -> Option<u64> {
        let columns: Vec<usize> =
            self.names.iter().enumerate().filter(|(_, name)| is_it(name)).map(|(nth, _)| nth).collect();
        let number = |row: &Row, nth: usize| match row.0.get(nth) {
            Some(SqlValue::Int(number)) => u64::try_from(*number).unwrap_or_default(),
            Some(SqlValue::Text(text)) => text.parse().unwrap_or_default(),
            _ => 0,
        };
        let sum = self.rows.iter().flat_map(|row| columns.iter().map(|nth| number(row, *nth))).sum();
        (!columns.is_empty()).then_some(sum)
    }
}

fn is_whole(column: Option<&ColumnType>) -> bool {
    let Some(ColumnType { type_name, scale, .. }) = column else { return false };
    let name = type_name.to_lowercase();
    name == "boolean" || name == "fixed" && scale.unwrap_or_default() == 0
}

/// Cells are texts, whatever the types of their columns are.
fn of_texts(columns: &[ColumnType], rowset: &[Vec<Value>]) -> Vec<Row> {
    let value = |(nth, cell): (usize, &Value)| match cell {
        Value::Null => SqlValue::Null,
        Value::String(text) if is_whole(columns.get(nth)) => match text.as_str() {
            "true" => SqlValue::Int(1),
            "false" => SqlValue::Int(0),
            text => text.parse().map_or_else(|_| SqlValue::Text(text.to_owned()), SqlValue::Int),
        },
        Value::String(text) => SqlValue::Text(text.clone()),
        other => other.as_i64().map_or_else(|| SqlValue::Text(other.to_string()), SqlValue::Int),
    };
    rowset.iter().map(|row| Row(row.iter().enumerate().map(value).collect())).collect()
}

fn of_arrow(columns: &[ColumnType], bytes: &[u8]) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    if bytes.is_empty() {
        return Ok(rows);
    }
    for batch in StreamReader::try_new(bytes, None).map_err(unreadable)? {
        let batch = batch.map_err(unreadable)?;
        let mut cells = Vec::with_capacity(batch.num_columns());
        for (nth, array) in batch.columns().iter().enumerate() {
            cells.push(values(array, is_whole(columns.get(nth)))?);
        }
        rows.extend(
            (0..batch.num_rows()).map(|row| Row(cells.iter().map(|column| column[row].clone()).collect())),
        );
    }
    Ok(rows)
}

fn values(array: &ArrayRef, is_whole: bool) -> Result<Vec<SqlValue>, Failure> {
    if is_whole {
        let array = cast(array, &DataType::Int64).map_err(unreadable)?;
        let numbers = array.as_primitive::<Int64Type>();
        return Ok(numbers.iter().map(|number| number.map_or(SqlValue::Null, SqlValue::Int)).collect());
    }
    if !can_cast_types(array.data_type(), &DataType::Utf8) {
        // Points in time of lists that the service makes: nobody reads them.
        let shown = |row| {
            if array.is_null(row) {
                Ok(SqlValue::Null)
            } else {
                array_value_to_string(array, row).map(SqlValue::Text)
            }
        };
        return (0..array.len()).map(shown).collect::<Result<_, _>>().map_err(unreadable);
    }
    let array = cast(array, &DataType::Utf8).map_err(unreadable)?;
    let texts = array.as_string::<i32>();
    Ok(texts.iter().map(|text| text.map_or(SqlValue::Null, |text| SqlValue::Text(text.to_owned()))).collect())
}

/// A part of an answer, which is in the bucket of the service.
async fn fetch(http: &Http, url: &str, answer: &QueryAnswer) -> Result<Vec<u8>, Failure> {
    let mut failed = 0;
    loop {
        let mut request = http.client().get(url);
        if let Some(headers) = &answer.chunk_headers {
            request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        } else if let Some(key) = &answer.qrmk {
            request = request
                .header("x-amz-server-side-encryption-customer-algorithm", "AES256")
                .header("x-amz-server-side-encryption-customer-key", key);
        }
        let fetched = match sent(request).await {
            Ok(response) if response.status().is_success() => body(response).await,
            Ok(response) => {
                Err(Failure::Lost(format!("a part of the answer is not there: {}", response.status())))
            }
            Err(failure) => Err(failure),
        };
        failed += 1;
        match fetched {
            Ok(bytes) if bytes.starts_with(&GZIP) => {
                let mut plain = Vec::new();
                GzDecoder::new(&bytes[..]).read_to_end(&mut plain).map_err(unreadable)?;
                return Ok(plain);
            }
            Ok(bytes) => return Ok(bytes.to_vec()),
            Err(failure) if failed >= ATTEMPTS => return Err(failure),
            Err(_) => http.pause(failed).await,
        }
    }
}

fn unreadable(cause: impl std::fmt::Display) -> Failure {
    Failure::Unexpected { status: 200, message: format!("the rows cannot be read: {cause}") }
}
