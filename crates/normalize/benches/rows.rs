//! Rows of the fixtures: parsing, flattening into typed columns, and encoding those as Parquet.
//!
//! `cargo bench -p cartage-normalize`

use std::hint::black_box;
use std::path::Path;

use cartage_normalize::measure::HotPath;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

/// How many bytes a block has at the least, as in a package.
const BLOCK_BYTES: usize = 4 << 20;

/// Flat rows, and rows with objects and lists below them.
const FILES: [&str; 2] = ["baseball_players/players.jsonl", "github_issues/issues.jsonl"];

fn rows(criterion: &mut Criterion) {
    for file in FILES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/sources").join(file);
        let rows = std::fs::read(&path).expect("the fixture is there");
        let mut hot = HotPath::new(&rows.repeat(BLOCK_BYTES.div_ceil(rows.len())));
        let mut group = criterion.benchmark_group(file.split('/').next().unwrap_or(file));
        group.throughput(Throughput::Bytes(hot.bytes() as u64)).sample_size(20);
        group.bench_function("parse", |bench| bench.iter(|| black_box(hot.parse())));
        group.bench_function("flatten", |bench| bench.iter_with_large_drop(|| hot.flatten()));
        let columns = hot.flatten();
        group.bench_function("encode", |bench| {
            bench.iter_batched(
                || columns.clone(),
                |columns| hot.encode(columns).expect("columns of a block can be encoded"),
                BatchSize::SmallInput,
            );
        });
        group.finish();
    }
}

criterion_group!(benches, rows);
criterion_main!(benches);
