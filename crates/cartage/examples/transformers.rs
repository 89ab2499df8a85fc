//! Transformers: rows of one resource become rows of another, several at a time and in order.
#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use cartage::{BoxError, Lazy, To, pipeline, resource, source, transformer};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Serialize, Deserialize)]
struct User {
    id: u32,
}

fn main() -> Result<(), BoxError> {
    let users = resource("users", |_| {
        Ok((0..3).map(|page| Ok(vec![User { id: 2 * page + 1 }, User { id: 2 * page + 2 }])))
    });
    let orders = &users
        | transformer("orders", |user: User| {
            // Pages that are made one by one; a list would be one page.
            Ok(Lazy(
                (1..=user.id % 3)
                    .map(move |nth| Ok(vec![json!({"id": user.id * 10 + nth, "user": user.id})])),
            ))
        })
        .parallelized();
    let items = orders.clone()
        | transformer("items", |order: serde_json::Value| {
            Ok(vec![json!({"order": order["id"], "sku": "x"})])
        });

    // `users` is not in the source: it runs for its children, and is not loaded.
    let tree = source("tree").with(orders).with(items);
    let report = pipeline("tree").destination(To::duckdb("tree.duckdb")).dataset("raw").run(tree)?;
    print!("{report}");
    Ok(())
}
