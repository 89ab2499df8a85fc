//! One resource, several tables: named by the rows, or by marks with hints of their own.
#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use cartage::{
    BoxError, To, WriteDisposition, hints, pipeline, resource, rows, source, unmarked, with_hints,
    with_table_name,
};
use serde_json::{Value, json};

fn main() -> Result<(), BoxError> {
    let events = rows(
        "events",
        [
            json!({"id": 1, "type": "push", "branch": "main"}),
            json!({"id": 2, "type": "fork", "forkee": {"name": "dlt"}}),
            json!({"id": 3, "type": "push", "branch": "dev"}),
        ],
    )
    .table_name_by(|event: &Value| event["type"].as_str().unwrap_or("other").to_owned());

    let feed = resource("feed", |_| {
        let user = hints().table_name("users").write_disposition(WriteDisposition::Merge).primary_key("id");
        Ok([
            Ok(unmarked(vec![json!({"item": 1})])),
            Ok(with_table_name(vec![json!({"note": "two"})], "notes")),
            Ok(with_hints(vec![json!({"id": 7, "name": "Ada"})], user.clone())),
            Ok(with_hints(vec![json!({"id": 7, "name": "Ada Lovelace"})], user)),
        ])
    });

    let source = source("github").with(events).with(feed);
    let report = pipeline("tables").destination(To::duckdb("tables.duckdb")).dataset("raw").run(source)?;
    print!("{report}");
    Ok(())
}
