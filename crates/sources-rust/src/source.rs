//! Sources: resources that share a schema.

use cartage_extract::{OnBadRow, Resource, SchemaSettings, Source, SourceError};
use serde_json::Value;

use crate::builder::IntoResource;

/// A source without resources. Its name is that of its schema.
pub fn source(name: &str) -> SourceBuilder {
    SourceBuilder {
        name: name.to_owned(),
        resources: Vec::new(),
        schema: SchemaSettings::default(),
        on_bad_row: OnBadRow::default(),
    }
}

/// A source that resources are added to.
#[derive(Debug)]
#[must_use = "a source does nothing until a pipeline runs it"]
pub struct SourceBuilder {
    name: String,
    resources: Vec<Result<Resource, SourceError>>,
    schema: SchemaSettings,
    on_bad_row: OnBadRow,
}

impl SourceBuilder {
    /// Adds a resource. Resources take turns in the order in which they were added.
    pub fn with(mut self, resource: impl IntoResource) -> Self {
        self.resources.push(resource.into_resource());
        self
    }

    /// Levels of lists and objects that become tables and columns of their own, where a resource does not say.
    pub fn max_table_nesting(mut self, levels: u32) -> Self {
        self.schema.max_table_nesting = Some(levels);
        self
    }

    /// Whether nested tables get the id of their root row.
    pub fn root_key(mut self, is_added: bool) -> Self {
        self.schema.root_key = Some(is_added);
        self
    }

    /// The contract of all tables that have none themselves.
    pub fn schema_contract(mut self, contract: impl Into<Value>) -> Self {
        self.schema.schema_contract = Some(contract.into());
        self
    }

    /// What happens to rows that cannot be used.
    pub fn on_bad_row(mut self, what: OnBadRow) -> Self {
        self.on_bad_row = what;
        self
    }

    /// Everything else about the schema: detections, preferred types, default hints.
    pub fn schema(mut self, change: impl FnOnce(&mut SchemaSettings)) -> Self {
        change(&mut self.schema);
        self
    }

    /// The source.
    ///
    /// # Errors
    /// The first resource whose hints cannot be understood.
    pub fn build(self) -> Result<Source, SourceError> {
        Ok(Source {
            name: self.name,
            resources: self.resources.into_iter().collect::<Result<_, _>>()?,
            schema: self.schema,
            on_bad_row: self.on_bad_row,
        })
    }
}
