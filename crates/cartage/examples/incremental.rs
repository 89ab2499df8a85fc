//! A cursor that the resource itself asks: only what is new is fetched, and nothing twice.
#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use cartage::{BoxError, To, WriteDisposition, incremental, pipeline, resource};
use serde_json::{Value, json};

/// What an API would answer: the orders that changed at or after a moment.
fn orders_since(since: &str) -> Vec<Value> {
    let orders = [
        json!({"id": 1, "status": "new", "updated_at": "2024-05-01T08:00:00Z"}),
        json!({"id": 2, "status": "new", "updated_at": "2024-05-01T09:00:00Z"}),
        json!({"id": 1, "status": "paid", "updated_at": "2024-05-02T08:00:00Z"}),
    ];
    let is_new = |order: &Value| order["updated_at"].as_str().is_some_and(|at| at >= since);
    orders.into_iter().filter(is_new).collect()
}

fn main() -> Result<(), BoxError> {
    let orders = resource("orders", |run| {
        let since: String = run.incremental().start_value()?.unwrap_or_default();
        Ok([Ok(orders_since(&since))])
    })
    .incremental(incremental("updated_at").initial_value("2024-01-01T00:00:00Z"))
    .write_disposition(WriteDisposition::Merge)
    .primary_key("id")
    // Of two rows of one load with the same key, the newest one stays.
    .column("updated_at", json!({"dedup_sort": "desc"}));

    let shop = pipeline("shop").destination(To::duckdb("shop.duckdb")).dataset("raw").open()?;
    let first = shop.run(orders.clone())?;
    let second = shop.run(orders)?;
    println!("first run: {} rows, second run: {} rows", first.rows("orders"), second.rows("orders"));
    Ok(())
}
