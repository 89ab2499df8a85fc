//! Names in all conventions, with and without a limit.
//!
//! `cargo bench -p cartage-schema`

use std::hint::black_box;
use std::path::Path;

use cartage_schema::{Naming, NamingKind};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// A line of `naming.json`: convention, limit, name, and what dlt makes of it.
type Vector = (String, Option<usize>, String, String, String);

fn naming(criterion: &mut Criterion) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/schema/naming.json");
    let text = std::fs::read_to_string(path).expect("the fixture is there");
    let vectors: Vec<Vector> = serde_json::from_str(&text).expect("the fixture is a list of vectors");
    let mut group = criterion.benchmark_group("naming");
    for kind in NamingKind::ALL {
        let of_kind = vectors.iter().filter(|(convention, ..)| convention == kind.as_str());
        let names: Vec<(Naming, &str)> =
            of_kind.map(|(_, limit, name, ..)| (Naming::new(kind, *limit), name.as_str())).collect();
        group.throughput(Throughput::Elements(names.len() as u64));
        group.bench_function(kind.as_str(), |bench| {
            bench.iter(|| {
                for (naming, name) in &names {
                    black_box(naming.normalize_identifier(name));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, naming);
criterion_main!(benches);
