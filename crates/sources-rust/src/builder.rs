//! Resources and their hints.

use std::fmt::{self, Debug};

use cartage_extract::{Resource, Resume, SourceError};
use cartage_schema::WriteDisposition;
use cartage_schema::hints::ResourceHints;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::error::BoxError;
use crate::limit::Limit;
use crate::page::IntoPages;
use crate::producer::RustProducer;
use crate::run::Run;

/// Rows that make a page, where they come one by one.
const ROWS_OF_A_PAGE: usize = 1_000;

/// Pages of a resource, one after the other.
pub(crate) type PageIter<P> = Box<dyn Iterator<Item = Result<P, BoxError>> + Send>;

/// Begins to make pages, when the run has begun.
pub(crate) type Make<P> = Box<dyn FnOnce(Run) -> Result<PageIter<P>, BoxError> + Send>;

/// A resource that gives the rows of an iterator, a list or the receiver of a channel.
pub fn rows<T, I>(name: &str, rows: I) -> ResourceBuilder<Vec<T>>
where
    T: Serialize + Send + 'static,
    I: IntoIterator<Item = T>,
    I::IntoIter: Send + 'static,
{
    let mut rows = rows.into_iter();
    let next = move || {
        let page: Vec<T> = rows.by_ref().take(ROWS_OF_A_PAGE).collect();
        (!page.is_empty()).then_some(page)
    };
    pages(name, std::iter::from_fn(next))
}

/// A resource that gives pages of an iterator: lists of rows, [JSON text](crate::JsonText) or Arrow batches.
pub fn pages<P, I>(name: &str, pages: I) -> ResourceBuilder<P>
where
    P: IntoPages + 'static,
    I: IntoIterator<Item = P>,
    I::IntoIter: Send + 'static,
{
    let pages = pages.into_iter().map(Ok);
    ResourceBuilder::of(name, Box::new(|_| Ok(Box::new(pages))))
}

/// A resource that begins when it is extracted: `begin` is told what the last run left, and gives pages.
///
/// An error of `begin` or of a page ends the extract, and nothing is published.
pub fn resource<P, I, F>(name: &str, begin: F) -> ResourceBuilder<P>
where
    P: IntoPages + 'static,
    I: IntoIterator<Item = Result<P, BoxError>>,
    I::IntoIter: Send + 'static,
    F: FnOnce(Run) -> Result<I, BoxError> + Send + 'static,
{
    let make = move |run: Run| {
        let pages: PageIter<P> = Box::new(begin(run)?.into_iter());
        Ok(pages)
    };
    ResourceBuilder::of(name, Box::new(make))
}

/// A resource whose pages are of type `P`, with its hints.
///
/// Hints have dlt's names. They are checked when the source is [built](crate::SourceBuilder::build).
#[must_use = "a resource does nothing until it is part of a source"]
pub struct ResourceBuilder<P> {
    name: String,
    hints: Map<String, Value>,
    make: Make<P>,
    limit: Limit,
    resume: Resume,
}

impl<P> Debug for ResourceBuilder<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceBuilder")
            .field("name", &self.name)
            .field("hints", &self.hints)
            .finish_non_exhaustive()
    }
}

impl<P> ResourceBuilder<P> {
    pub(crate) fn of(name: &str, make: Make<P>) -> Self {
        Self {
            name: name.to_owned(),
            hints: Map::new(),
            make,
            limit: Limit::default(),
            resume: Resume::default(),
        }
    }

    /// The same resource with other pages.
    pub(crate) fn remake<Q>(self, remake: impl FnOnce(Make<P>) -> Make<Q>) -> ResourceBuilder<Q> {
        let Self { name, hints, make, limit, resume } = self;
        ResourceBuilder { name, hints, make: remake(make), limit, resume }
    }

    /// Any hint by dlt's name, in the form that it has in `pipeline.toml`.
    pub fn hint(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.hints.insert(key.to_owned(), value.into());
        self
    }

    /// Name of the table; that of the resource without.
    pub fn table_name(self, name: &str) -> Self {
        self.hint("table_name", name)
    }

    /// What a load does to rows that are there; they stay without.
    pub fn write_disposition(self, disposition: WriteDisposition) -> Self {
        self.hint("write_disposition", disposition.to_string())
    }

    /// Combines rows with those that are there by a strategy such as `scd2`.
    pub fn merge_strategy(self, strategy: &str) -> Self {
        self.hint("write_disposition", json!({ "disposition": "merge", "strategy": strategy }))
    }

    /// Columns that identify a row.
    pub fn primary_key<'a>(self, columns: impl IntoIterator<Item = &'a str>) -> Self {
        self.hint("primary_key", columns.into_iter().collect::<Vec<_>>())
    }

    /// Columns whose rows are replaced together.
    pub fn merge_key<'a>(self, columns: impl IntoIterator<Item = &'a str>) -> Self {
        self.hint("merge_key", columns.into_iter().collect::<Vec<_>>())
    }

    /// Hints of one column, such as `json!({"data_type": "decimal"})`.
    pub fn column(mut self, name: &str, hints: impl Into<Value>) -> Self {
        let columns = self.hints.entry("columns").or_insert_with(|| json!({}));
        if let Value::Object(columns) = columns {
            columns.insert(name.to_owned(), hints.into());
        }
        self
    }

    /// A mode for everything new, or an object of modes for `tables`, `columns` and `data_type`.
    pub fn schema_contract(self, contract: impl Into<Value>) -> Self {
        self.hint("schema_contract", contract)
    }

    /// Levels of lists and objects that become tables and columns of their own.
    pub fn max_table_nesting(self, levels: u32) -> Self {
        self.hint("max_table_nesting", levels)
    }

    /// Loads only rows whose cursor is beyond that of earlier runs, the first time from `initial_value` on. For
    /// more say `hint("incremental", json!({...}))`.
    pub fn incremental(self, cursor_path: &str, initial_value: impl Into<Value>) -> Self {
        self.hint("incremental", json!({ "cursor_path": cursor_path, "initial_value": initial_value.into() }))
    }

    /// Takes only a part: for a first look.
    pub fn limit(mut self, limit: Limit) -> Self {
        self.limit = limit;
        self
    }

    /// Says from where the next run goes on, thanks to what the resource puts into its state. It decides whether
    /// a long extract publishes rows before its end.
    pub fn resumes(mut self, resume: Resume) -> Self {
        self.resume = resume;
        self
    }
}

/// A resource of any kind of pages.
pub trait IntoResource {
    /// The resource.
    ///
    /// # Errors
    /// If its hints cannot be understood.
    fn into_resource(self) -> Result<Resource, SourceError>;
}

impl IntoResource for Resource {
    fn into_resource(self) -> Result<Resource, SourceError> {
        Ok(self)
    }
}

impl<P: IntoPages + 'static> IntoResource for ResourceBuilder<P> {
    fn into_resource(self) -> Result<Resource, SourceError> {
        let Self { name, hints, make, limit, resume } = self;
        let hints: ResourceHints = serde_json::from_value(Value::Object(hints))
            .map_err(|error| SourceError::Config(format!("resource `{name}`: {error}")))?;
        let producer = Box::new(RustProducer::new(&name, make, limit, resume));
        Ok(Resource::new(name, hints, producer))
    }
}
