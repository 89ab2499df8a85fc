//! Sources of the API at `https://api.example/v1`, and what comes out of their resources.

use std::path::Path;
use std::sync::Arc;

use cartage_runtime::{CancelToken, SeededRandom};
use cartage_source_api::{CursorRange, JsonPage, OpenContext, Page, Producer, SourceError};
use cartage_state::PipelineState;
use serde_json::{Map, Value, json};

use super::api::Api;
use crate::{AuthTable, ClientTable, ConfigIssue, ResourceTable, RestProducer, RestResource, RestSource};

/// The longest row that resources take here.
const MOST_BYTES: usize = 1 << 20;

/// A source with these keys of `client` beside its address.
pub(super) fn source(api: &Api, client: &Value) -> Result<RestSource, ConfigIssue> {
    let mut table = json!({"base_url": "https://api.example/v1"});
    table.as_object_mut().unwrap().extend(client.as_object().unwrap().clone());
    let table: ClientTable = serde_json::from_value(table).expect("a table of a client");
    let random = Arc::new(SeededRandom::new(1));
    RestSource::over(Arc::new(api.clone()), table, AuthTable::default(), Path::new("/"), random)
}

/// The resource `items` of this table, beside which there is `parent`.
pub(super) fn resource(api: &Api, client: &Value, table: &Value) -> Result<RestResource, ConfigIssue> {
    let table: ResourceTable = serde_json::from_value(table.clone()).expect("a table of a resource");
    source(api, client)?.resource("items", table, &["parent", "items"])
}

/// The same that only asks for one page at a time.
pub(super) fn in_turn(api: &Api, endpoint: &Value) -> RestProducer {
    let client = json!({"session": {"parallel_requests": 1}});
    resource(api, &client, &json!({"endpoint": endpoint})).unwrap().producer
}

pub(super) fn context() -> OpenContext {
    OpenContext::new(MOST_BYTES, CancelToken::default())
}

/// Rows of a page.
pub(super) fn rows_of(page: &JsonPage) -> Vec<Value> {
    let lines = page.text().split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).expect("a row of JSON")).collect()
}

fn take(producer: &mut RestProducer, rows: &mut Vec<Value>) -> Result<(), SourceError> {
    while let Some(page) = producer.next_page()? {
        rows.extend(rows_of(&page.to_json()?));
    }
    Ok(())
}

/// All rows of a resource without parent.
pub(super) fn rows(producer: &mut RestProducer) -> Result<Vec<Value>, SourceError> {
    rows_with(producer, &context())
}

pub(super) fn rows_with(
    producer: &mut RestProducer,
    context: &OpenContext,
) -> Result<Vec<Value>, SourceError> {
    producer.open(context)?;
    let mut rows = Vec::new();
    take(producer, &mut rows)?;
    Ok(rows)
}

/// All rows of a resource for these rows of its parent.
pub(super) fn rows_below(producer: &mut RestProducer, parents: &[Value]) -> Result<Vec<Value>, SourceError> {
    producer.open(&context())?;
    producer.take_parent_page(&Page::Json(JsonPage::from_rows(parents)?))?;
    let mut rows = Vec::new();
    take(producer, &mut rows)?;
    Ok(rows)
}

/// Rows of an endpoint of an API that needs nothing else said about it.
pub(super) fn fetched(api: &Api, endpoint: &Value) -> Result<Vec<Value>, SourceError> {
    rows(&mut in_turn(api, endpoint))
}

/// The message of what must fail.
pub(super) fn message<T>(outcome: Result<T, SourceError>) -> String {
    match outcome {
        Ok(_) => panic!("it should have failed"),
        Err(error) => error.to_string(),
    }
}

/// Fails unless a text has all the words.
pub(super) fn says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is not in: {text}");
    }
}

/// The `id`s of rows.
pub(super) fn ids(rows: &[Value]) -> Vec<u64> {
    rows.iter().map(|row| row["id"].as_u64().expect("a row with an id")).collect()
}

/// A page of rows whose `id`s count from `first`.
pub(super) fn page(first: usize, count: usize) -> Value {
    (first..first + count).map(|id| json!({ "id": id })).collect()
}

/// A cursor that starts there.
pub(super) fn cursor_from(context: OpenContext, start: Value, end: Value) -> OpenContext {
    let mut context = context;
    context.cursor = Some(CursorRange { initial: start.clone(), start, end });
    context
}

/// What the resource `items` remembers from run to run.
#[derive(Debug, Default)]
pub(super) struct Memory(Map<String, Value>);

impl Memory {
    pub(super) fn of(state: &Value) -> Self {
        Self(state.as_object().unwrap().clone())
    }

    pub(super) fn context(&self) -> OpenContext {
        let state = json!({"resources": {"items": self.0}});
        context().with_state("items", Arc::new(state.as_object().unwrap().clone()))
    }

    pub(super) fn text(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes at most this many pages, remembers what they change, and gives their rows. True if it came to the end.
    pub(super) fn take_pages(
        &mut self,
        producer: &mut RestProducer,
        most: usize,
    ) -> Result<(Vec<Value>, bool), SourceError> {
        let mut state = PipelineState::new("test");
        state.resource_state_mut("api", "items").extend(self.0.clone());
        producer.open(&self.context())?;
        producer.take_state_change().apply(&mut state, "api", "items");
        let (mut rows, mut at_end) = (Vec::new(), false);
        for _ in 0..most {
            let page = producer.next_page()?;
            producer.take_state_change().apply(&mut state, "api", "items");
            if let Some(page) = page {
                rows.extend(rows_of(&page.to_json()?));
            } else {
                at_end = true;
                break;
            }
        }
        self.0 = state.resource_state("api", "items").cloned().unwrap_or_default();
        Ok((rows, at_end))
    }
}
