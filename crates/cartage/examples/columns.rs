//! Columns and text: Arrow batches stay columns, JSON text keeps its bytes.
#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use std::sync::Arc;

use arrow::array::{Float64Array, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use cartage::{BoxError, JsonText, To, pages, pipeline, source};

fn main() -> Result<(), BoxError> {
    let fields = vec![Field::new("id", DataType::Int64, false), Field::new("price", DataType::Float64, true)];
    let schema = Arc::new(Schema::new(fields));
    let batch = |first: i64| {
        let ids = Int64Array::from_iter_values(first..first + 3);
        let prices = Float64Array::from(vec![Some(1.5), None, Some(2.5)]);
        RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(ids), Arc::new(prices)])
    };
    let prices = pages("prices", [batch(1)?, batch(4)?]);
    let raw = pages("raw", [JsonText::from(r#"[{"id": 1, "at": "2024-05-01T10:00:00Z"}, {"id": 2}]"#)]);
    let source = source("market").with(prices).with(raw);
    let report = pipeline("market").destination(To::duckdb("market.duckdb")).dataset("raw").run(source)?;
    print!("{report}");
    Ok(())
}
