//! Reads a table to its end and says how long that took: `read_table URL TABLE [KEYS_OF_RESOURCE] [KEYS_OF_SOURCE]`.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "it is run by hand")]

use std::time::Instant;

use cartage_config::Section;
use cartage_runtime::CancelToken;
use cartage_schema::hints::ResourceHints;
use cartage_source_api::{OpenContext, Producer};
use cartage_sources_sql::SqlSource;
use serde_json::{Value, json};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, table, keys @ ..] = arguments.as_slice() else { panic!("a URL and the name of a table") };
    let read = |text: Option<&String>| text.map_or(json!({}), |text| serde_json::from_str(text).unwrap());
    let mut settings: Value = read(keys.get(1));
    settings["credentials"] = url.as_str().into();
    let section = Section::new(settings.as_object().unwrap().clone()).named("sources.measured");
    let source = SqlSource::read("measured", &section, None).unwrap();
    let keys = serde_json::from_value(read(keys.first())).unwrap();
    let mut made = source.resources(vec![(table.clone(), ResourceHints::default(), keys)]).unwrap().remove(0);

    let begun = Instant::now();
    made.reader.open(&OpenContext::new(usize::MAX, CancelToken::default())).unwrap();
    let (mut rows, mut batches) = (0, 0);
    while let Some(page) = made.reader.next_page().unwrap() {
        (rows, batches) = (rows + page.rows(), batches + 1);
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!("{rows} rows in {batches} batches, {seconds:.2} s, {:.0} rows/s", rows as f64 / seconds);
}
