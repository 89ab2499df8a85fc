//! A first look at a source: one page of each resource, and nothing is written.

mod driven;

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{RecordBatch, StructArray};
use cartage_runtime::Runtime;
use cartage_schema::{Inference, NamingKind, Schema, SchemaError, normalize_schema_name};
use cartage_source_api::{
    Finding, Input, JsonPage, OpenContext, Page, Producer, Source, SourceError, columnar_value,
};
use cartage_state::PipelineState;
use cartage_values::{Scalar, decode_typed};
use indexmap::IndexMap;
use serde_json::Value;

use crate::ExtractError;
use crate::feed::caught;
use crate::plan::{Planned, plan};
use crate::run::bind_cursors;
use crate::settings::ExtractSettings;

/// Rows of a parent whose children are looked at: the first ones may have none.
const PARENT_ROWS: u64 = 5;

/// Rows of a page that are looked into for columns.
const LOOKED_AT: usize = 1000;

/// What is looked at.
#[derive(Clone, Debug, Default)]
pub struct ProbeSettings {
    /// Only these resources, and the parents that they need.
    pub resources: Option<Vec<String>>,
}

/// A resource that was looked at.
#[derive(Debug)]
pub struct Probed {
    /// Name of the resource.
    pub name: String,
    /// The table of its rows.
    pub table: String,
    /// The resource whose rows it was asked for.
    pub parent: Option<String>,
    /// The first page, or why it could not be read.
    pub sample: Result<Sample, SourceError>,
}

/// The first page of a resource.
#[derive(Debug, Default)]
pub struct Sample {
    /// Rows of the page.
    pub rows: u64,
    /// The first of them as JSON text.
    pub first_row: Option<String>,
    /// What the rows have at their top.
    pub columns: Vec<SampleColumn>,
    /// What was read.
    pub inputs: Vec<Input>,
    /// How it was read.
    pub findings: Vec<Finding>,
    /// What a person should know.
    pub warnings: Vec<String>,
}

/// A field of the rows of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleColumn {
    /// As the input calls it.
    pub name: String,
    /// The type of its first value that is not null; `object` and `list` are unpacked by normalize.
    pub data_type: String,
}

/// Opens the resources of a source as a first run would and takes one page of each. A resource that fails
/// does not keep the others from being looked at.
///
/// # Errors
/// What is wrong before any resource is opened: unknown names, hints that cannot be used.
pub fn probe(
    source: Source,
    settings: ProbeSettings,
    runtime: &Runtime,
) -> Result<Vec<Probed>, ExtractError> {
    let source_name = source.name.clone();
    let now = runtime.clock.unix_micros() as f64 / 1e6;
    let (schema, inference) = schema_of(&source, now)
        .map_err(|error| ExtractError::Schema { schema: source_name.clone(), reason: error.to_string() })?;
    let settings = ExtractSettings { resources: settings.resources, ..ExtractSettings::default() };
    let (mut planned, producers) = plan(source, &settings, &schema.naming(None))?;
    let mut state = PipelineState::new("probe");
    let producers = bind_cursors(&mut planned, producers, &schema, &mut state, None);
    let producers = producers.map_err(|(resource, reason)| ExtractError::Hints {
        source_name: source_name.clone(),
        resource,
        reason,
    })?;
    let context = OpenContext::new(settings.max_line_bytes, runtime.cancel.clone());
    let mut producers: Vec<Option<Box<dyn Producer>>> = producers.into_iter().map(Some).collect();
    let mut driven = driven::first_pages(&planned, &mut producers, &context);
    let mut pages: HashMap<usize, Page> = HashMap::new();
    let mut probed = Vec::new();
    for (at, one) in planned.iter().enumerate() {
        let Some(mut producer) = producers[at].take() else { continue };
        let mut context = context.clone();
        context.resource.clone_from(&one.name);
        let parent = one.parent.map(|parent| &planned[parent]).filter(|_| !driven.contains_key(&at));
        let for_rows_of = parent.and(one.parent).map(|parent| pages.get(&parent));
        let page = match driven.remove(&at) {
            Some(page) => page,
            None => caught(|| first_page(&mut *producer, &context, parent, for_rows_of)),
        };
        let sample = page.and_then(|page| {
            let sample = sample(&*producer, page.as_ref(), &inference)?;
            pages.extend(page.map(|page| (at, page)));
            Ok(sample)
        });
        let parent = parent.map(|parent| parent.name.clone());
        probed.push(Probed { name: one.name.clone(), table: one.target.table.clone(), parent, sample });
    }
    Ok(probed)
}

fn schema_of(source: &Source, now: f64) -> Result<(Schema, Inference), SchemaError> {
    let mut schema = Schema::new(&normalize_schema_name(&source.name), NamingKind::SnakeCase)?;
    source.schema.apply(&mut schema)?;
    let inference = schema.inference(now)?;
    Ok((schema, inference))
}

/// The first page; with a parent the first one that has rows.
#[expect(clippy::option_option, reason = "no parent, and a parent without rows")]
fn first_page(
    producer: &mut dyn Producer,
    context: &OpenContext,
    parent: Option<&Planned>,
    for_rows_of: Option<Option<&Page>>,
) -> Result<Option<Page>, SourceError> {
    producer.open(context)?;
    let Some(rows) = for_rows_of else { return producer.next_page() };
    let Some(rows) = rows.filter(|page| page.rows() > 0) else {
        let name = parent.map(|parent| parent.name.as_str()).unwrap_or_default();
        return Err(SourceError::Config(format!("there is no row of its parent `{name}` to ask for")));
    };
    producer.take_parent_page(&first_of(rows))?;
    let mut first = None;
    while let Some(page) = producer.next_page()? {
        let has_rows = page.rows() > 0;
        first = Some(page);
        if has_rows {
            break;
        }
    }
    Ok(first)
}

/// The first rows of a parent's page.
fn first_of(page: &Page) -> Page {
    match page {
        Page::Json(page) => {
            let mut page = page.clone();
            page.truncate(PARENT_ROWS);
            Page::Json(page)
        }
        Page::Arrow(batch) => Page::Arrow(batch.slice(0, batch.num_rows().min(PARENT_ROWS as usize))),
        Page::ParquetFile(file) => Page::ParquetFile(file.clone()),
        Page::Message(message) => Page::Message(Arc::clone(message)),
    }
}

fn sample(
    producer: &dyn Producer,
    page: Option<&Page>,
    inference: &Inference,
) -> Result<Sample, SourceError> {
    let mut sample = Sample {
        rows: page.map_or(0, Page::rows),
        inputs: producer.inputs(),
        findings: producer.findings(),
        warnings: producer.warnings(),
        ..Sample::default()
    };
    match page {
        None | Some(Page::Message(_)) => {}
        Some(Page::Json(page)) => {
            let first = page.text().split(|byte| *byte == b'\n').next().filter(|row| !row.is_empty());
            sample.first_row = first.map(|row| String::from_utf8_lossy(row).into_owned());
            sample.columns = json_columns(page, inference);
            if sample.first_row.as_ref().is_some_and(|row| serde_json::from_str::<Value>(row).is_err()) {
                sample.warnings.push("the first row is not JSON, and a run would refuse it".to_owned());
            }
        }
        Some(Page::Arrow(batch)) => of_batch(&mut sample, batch),
        Some(Page::ParquetFile(file)) => {
            if let Some(batch) = file.first_rows(1)?.next() {
                of_batch(&mut sample, &batch?);
            }
        }
    }
    Ok(sample)
}

fn of_batch(sample: &mut Sample, batch: &RecordBatch) {
    let fields = batch.schema();
    let column =
        |name: &str, kind: String| SampleColumn { name: name.to_owned(), data_type: kind.to_lowercase() };
    sample.columns =
        fields.fields().iter().map(|field| column(field.name(), field.data_type().to_string())).collect();
    if batch.num_rows() > 0 {
        let first = columnar_value(&StructArray::from(batch.slice(0, 1)), 0);
        sample.first_row = first.ok().map(|row| row.to_string());
    }
}

/// The fields of rows, in the order in which they come.
fn json_columns(page: &JsonPage, inference: &Inference) -> Vec<SampleColumn> {
    let mut columns: IndexMap<String, Option<String>> = IndexMap::new();
    let rows = page.text().split(|byte| *byte == b'\n').filter(|row| !row.is_empty());
    for row in rows.take(LOOKED_AT) {
        let fields = match serde_json::from_slice(row) {
            Ok(Value::Object(fields)) => fields,
            Ok(value) => [("value".to_owned(), value)].into_iter().collect(),
            Err(_) => continue,
        };
        for (name, value) in fields {
            let known = columns.entry(name.clone()).or_default();
            if known.is_none() {
                *known = type_of(&name, &value, inference);
            }
        }
    }
    let named = columns.into_iter();
    named
        .map(|(name, kind)| SampleColumn { name, data_type: kind.unwrap_or_else(|| "null".to_owned()) })
        .collect()
}

fn type_of(name: &str, value: &Value, inference: &Inference) -> Option<String> {
    let scalar = match value {
        Value::Null => return None,
        Value::Object(_) => return Some("object".to_owned()),
        Value::Array(_) => return Some("list".to_owned()),
        Value::Bool(boolean) => Scalar::Bool(*boolean),
        Value::Number(number) => {
            number.as_i128().map_or_else(|| Scalar::Double(number.as_f64().unwrap_or_default()), Scalar::Int)
        }
        Value::String(text) => decode_typed(text).unwrap_or_else(|| Scalar::Text(text.into())),
    };
    Some(inference.column_type(name, &scalar).to_string())
}
