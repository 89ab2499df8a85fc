//! Steps on the way, limits, and what can be done with a whole source.
#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use cartage::{BoxError, Limit, SourceBuilder, To, pipeline, resource, source};
use serde_json::json;

fn numbers() -> SourceBuilder {
    let numbers = resource("numbers", |_| {
        Ok((0..).map(|page: u64| Ok((page * 10..page * 10 + 10).collect::<Vec<_>>())))
    });
    let squares = numbers
        .clone()
        .filter(|number| number % 2 == 1)
        .map(|number| json!({"number": number, "square": number * number}))
        .renamed("squares")
        .limit(Limit::pages(2));
    let signs = numbers.clone().flat_map(|number| [json!({"n": number}), json!({"n": -(number as i64)})]);
    source("numbers").with(numbers.limit(Limit::rows(25))).with(squares).with(signs.renamed("signs"))
}

fn main() -> Result<(), BoxError> {
    let pipeline = pipeline("numbers").destination(To::duckdb("numbers.duckdb")).dataset("raw").open()?;
    // `signs` never ends; it is not selected.
    let report = pipeline.run(numbers().with_resources(["numbers", "squares"]))?;
    print!("{report}");
    let first_look = pipeline.run(numbers().limit(Limit::pages(1)).renamed("first_look"))?;
    println!("a first look: {:?}", first_look.data_tables().collect::<Vec<_>>());
    Ok(())
}
