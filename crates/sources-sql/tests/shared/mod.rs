//! Sources from settings, and their tables as rows of JSON, whatever the database is.

use cartage_config::Section;
use cartage_runtime::CancelToken;
use cartage_schema::hints::ResourceHints;
use cartage_source_api::{CursorRange, OpenContext, Page, Producer, SourceError};
use cartage_sources_sql::{ResourceKeys, SqlError, SqlResource, SqlSource};
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

/// All rows as JSON; where the cursor has a range, those that are asked for.
pub(crate) fn rows_of(
    producer: &mut dyn Producer,
    range: Option<CursorRange>,
) -> Result<Vec<Value>, SourceError> {
    let mut context = context();
    context.cursor = range;
    producer.open(&context)?;
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
