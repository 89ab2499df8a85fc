//! A long run in many packages, that may be killed at any time: the next run continues after what was published,
//! and leaves the tables of an undisturbed run.
#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use cartage::{
    BoxError, Resume, RowOrder, To, WriteDisposition, incremental, pipeline, resource, source, transformer,
};
use serde_json::{Value, json};

/// Pages of each resource, and rows of a page.
const PAGES: i64 = 60;
const ROWS: i64 = 50;

fn rows(page: i64) -> Vec<Value> {
    let text = "x".repeat(200);
    (page * ROWS..(page + 1) * ROWS).map(|id| json!({"id": id, "text": text, "list": [{"k": id}]})).collect()
}

fn main() -> Result<(), BoxError> {
    // Appends go on where their state says.
    let pages = resource("pages", |run| {
        let state = run.state();
        let first: i64 = state.get("next").unwrap_or(0);
        Ok((first..PAGES).map(move |page| {
            state.set("next", page + 1);
            Ok(rows(page))
        }))
    })
    .resumes(Resume::AtEachPage);
    // Or where their cursor says, and the rows made of them with them.
    let events = resource("events", |run| {
        let since: i64 = run.incremental().start_value()?.unwrap_or(0);
        Ok((since / ROWS..PAGES).map(|page| Ok(rows(page))))
    })
    .incremental(incremental("id").row_order(RowOrder::Ascending));
    let details = &events
        | transformer("details", |event: Value| {
            Ok(vec![json!({"event": event["id"], "text": event["text"]})])
        })
        .parallelized();
    // Merges and replaces may begin anew; a plain append is published whole.
    let begin = |name: &str| resource(name, |_| Ok((0..PAGES).map(|page| Ok(rows(page)))));
    let people = begin("people").write_disposition(WriteDisposition::Merge).primary_key("id");
    let stock = begin("stock").write_disposition(WriteDisposition::Replace);
    let visits = resource("visits", |_| Ok((0..4).map(|page| Ok(rows(page)))))
        .table_name_by(|row: &Value| format!("visits_{}", row["id"].as_i64().unwrap_or(0) % 3));

    let all = source("test").with(pages).with(events).with(details).with(people).with(stock).with(visits);
    let pipeline = pipeline("test").destination(To::duckdb("out.duckdb")).dataset("data");
    let report = pipeline.set("extract.package_max_rows", 500).run(all)?;
    print!("{report}");
    Ok(())
}
