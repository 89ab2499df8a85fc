//! Asynchronous code: a stream as a resource, and an asynchronous transformer.
#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use cartage::{BoxError, To, async_transformer, pipeline, source, stream};
use futures_util::stream::iter;
use serde_json::{Value, json};

/// What a client made for Tokio would do.
async fn details_of(user: Value) -> Result<Vec<Value>, BoxError> {
    tokio::task::yield_now().await;
    Ok(vec![json!({"user": user["id"], "name": format!("user {}", user["id"])})])
}

fn main() -> Result<(), BoxError> {
    let users = stream("users", |_| Ok(iter((1..=3).map(|id| Ok(vec![json!({ "id": id })])))));
    // Up to `max_parallel_items` rows at a time; their order stays.
    let details = &users | async_transformer("details", details_of);
    let people = source("people").with(users).with(details);
    let report = pipeline("people").destination(To::duckdb("people.duckdb")).dataset("raw").run(people)?;
    print!("{report}");
    Ok(())
}
