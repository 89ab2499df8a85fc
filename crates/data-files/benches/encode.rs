//! Row groups of Parquet, column by column: what each type and each compression costs.
//!
//! Texts are lines of `fixtures/sources/baseball_players`. `cargo bench -p cartage-data-files`

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use cartage_data_files::parquet::{Compression, Layout, LayoutOptions};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Rows of a row group.
const ROWS: usize = 122_880;

/// The lines of the fixture, again and again.
fn columns() -> Vec<(Field, ArrayRef)> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/sources/baseball_players/players.jsonl");
    let text = std::fs::read_to_string(path).expect("the fixture is there");
    let texts: Vec<&str> = text.lines().cycle().take(ROWS).collect();
    let numbers = || texts.iter().enumerate().map(|(nth, text)| (nth * 37 + text.len()) as i64);
    vec![
        (Field::new("text", DataType::Utf8, true), Arc::new(StringArray::from(texts.clone()))),
        (Field::new("bigint", DataType::Int64, true), Arc::new(Int64Array::from_iter_values(numbers()))),
        (
            Field::new("bigint_or_null", DataType::Int64, true),
            Arc::new(numbers().map(|number| (number % 3 > 0).then_some(number)).collect::<Int64Array>()),
        ),
        (
            Field::new("double", DataType::Float64, true),
            Arc::new(Float64Array::from_iter_values(numbers().map(|number| number as f64 / 7.0))),
        ),
    ]
}

fn encode(criterion: &mut Criterion) {
    let columns = columns();
    let mut group = criterion.benchmark_group("encode");
    group.sample_size(20);
    let mut measure = |name: &str, columns: &[(Field, ArrayRef)], compression: Compression| {
        let fields: Vec<Field> = columns.iter().map(|(field, _)| field.clone()).collect();
        let arrays: Vec<Option<ArrayRef>> =
            columns.iter().map(|(_, array)| Some(Arc::clone(array))).collect();
        let options = LayoutOptions { compression, ..LayoutOptions::default() };
        let layout = Layout::new(Arc::new(Schema::new(fields)), &options).expect("Parquet knows the types");
        let bytes: usize = columns.iter().map(|(_, array)| array.get_buffer_memory_size()).sum();
        let batches = [(ROWS, arrays)];
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(name, |bench| bench.iter(|| layout.encode(&batches).expect("the arrays fit")));
    };
    for column in &columns {
        measure(column.0.name(), std::slice::from_ref(column), Compression::None);
    }
    measure("all", &columns, Compression::None);
    measure("all_snappy", &columns, Compression::Snappy);
    measure("all_zstd", &columns, Compression::Zstd(1));
    group.finish();
}

criterion_group!(benches, encode);
criterion_main!(benches);
