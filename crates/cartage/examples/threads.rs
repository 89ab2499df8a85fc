//! Several pipelines at once in one process, into one file: the parts of a source that have nothing in common.
#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use std::thread;

use cartage::{BoxError, SourceBuilder, To, pipeline, resource, source, transformer};
use serde_json::{Value, json};

fn shop() -> SourceBuilder {
    let numbers = |name: &str| {
        resource(name, |_| {
            Ok((0..20).map(|page| {
                Ok((page * 50..page * 50 + 50).map(|id| json!({ "id": id })).collect::<Vec<_>>())
            }))
        })
    };
    let orders = numbers("orders");
    let items =
        &orders | transformer("items", |order: Value| Ok(vec![json!({"order": order["id"]})])).parallelized();
    source("shop").with(orders).with(items).with(numbers("users")).with(numbers("visits"))
}

fn main() -> Result<(), BoxError> {
    let parts = shop().decompose();
    let runs: Vec<_> = parts
        .into_iter()
        .enumerate()
        .map(|(nth, part)| {
            thread::spawn(move || {
                // Each has a folder, a state and a schema of its own.
                let part = part.renamed(&format!("shop_{nth}"));
                pipeline(&format!("part_{nth}"))
                    .destination(To::duckdb("parts.duckdb"))
                    .dataset("raw")
                    .run(part)
            })
        })
        .collect();
    for run in runs {
        let report = run.join().map_err(|_| "a thread panicked")??;
        println!("{}: {:?}", report.pipeline, report.data_tables().collect::<Vec<_>>());
    }
    Ok(())
}
