//! Sources from settings, and their tables as rows of JSON, whatever the database is.

use cartage_config::Section;
use cartage_incremental::{Bounds, CursorSettings, Position, bind};
use cartage_runtime::CancelToken;
use cartage_schema::hints::ResourceHints;
use cartage_schema::{NamingKind, Schema};
use cartage_source_api::{OpenContext, Page, Producer, SourceError};
use cartage_sources_sql::{ResourceKeys, SqlError, SqlResource, SqlSource};
use cartage_state::PipelineState;
use serde_json::Value;

pub(crate) fn source(settings: &Value, schema: Option<String>) -> SqlSource {
    let section = Section::new(settings.as_object().unwrap().clone()).named("sources.crm");
    SqlSource::read("crm", &section, schema).unwrap()
}

pub(crate) fn resource(
    source: &SqlSource,
    name: &str,
    hints: &Value,
    keys: &Value,
) -> Result<SqlResource, SqlError> {
    let hints: ResourceHints = serde_json::from_value(hints.clone()).unwrap();
    let keys: ResourceKeys = serde_json::from_value(keys.clone()).unwrap();
    Ok(source.resources(vec![(name.to_owned(), hints, keys)])?.remove(0))
}

pub(crate) fn context() -> OpenContext {
    OpenContext::new(usize::MAX, CancelToken::default())
}

/// All rows as JSON.
pub(crate) fn rows_of(producer: &mut dyn Producer) -> Result<Vec<Value>, SourceError> {
    producer.open(&context())?;
    let mut rows = Vec::new();
    while let Some(page) = producer.next_page()? {
        rows.extend(rows_of_page(&page));
    }
    Ok(rows)
}

pub(crate) fn rows_of_page(page: &Page) -> Vec<Value> {
    let json = page.to_json().unwrap();
    let lines = json.text().split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

/// One run with the cursor of the hints: the values of `id` that it brings, and how many rows the table gave.
pub(crate) fn run_of(made: SqlResource, state: &mut PipelineState) -> (Vec<i64>, u64) {
    let settings = CursorSettings::from_hints(&made.hints).unwrap().unwrap();
    let ours = Schema::new("crm", NamingKind::SnakeCase).unwrap();
    let root = made.hints.to_tables("t", &ours.naming(None)).unwrap().remove(0);
    let bounds = Bounds { meaning: settings.meaning(&root, &ours), ..Bounds::default() };
    let mut producer = bind(Box::new(made.reader), settings, "t", "crm", state, &bounds).unwrap();
    producer.open(&context()).unwrap();
    let (mut ids, mut position) = (Vec::new(), None);
    while let Some(page) = producer.next_page().unwrap() {
        let (steps, _) = producer.take_state_change().split();
        for step in steps {
            let position = position.get_or_insert_with(|| Position::at_start(state, "crm", &step));
            position.advance(step);
        }
        ids.extend(rows_of_page(&page).iter().map(|row| row["id"].as_i64().unwrap()));
    }
    if let Some(position) = position {
        position.write(state, "crm");
    }
    ids.sort_unstable();
    (ids, producer.inputs()[0].rows)
}
