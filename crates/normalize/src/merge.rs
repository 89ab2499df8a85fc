//! The schema as all blocks so far have made it, and whether a block fits to it.
//!
//! Blocks are merged in the order of their rows. A block that took nothing for granted that turned out
//! otherwise has read its rows exactly as one reader of all rows would have; any other is read again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cartage_schema::{Column, DataType, Schema, SchemaError, Table};
use indexmap::IndexMap;

use crate::batch::{BlockResult, SeenColumn, TableBatch};
use crate::guard::Refused;
use crate::schema_snapshot::SchemaSnapshot;

/// The schema that grows while a package is normalized.
#[derive(Debug)]
pub(crate) struct Merged {
    schema: Schema,
    /// The same tables, for blocks.
    known: Arc<SchemaSnapshot>,
    /// Goes up with every change.
    generation: u64,
    /// Tables with the columns that the package adds.
    update: IndexMap<String, Table>,
    /// Columns that brought nulls before they had a type, by table.
    null_columns: BTreeMap<String, BTreeSet<String>>,
    /// Columns that contracts did not let in.
    refused: Arc<Refused>,
}

impl Merged {
    pub(crate) fn new(schema: Schema) -> Self {
        Self {
            known: Arc::new(SchemaSnapshot::of(&schema)),
            schema,
            generation: 0,
            update: IndexMap::new(),
            null_columns: BTreeMap::new(),
            refused: Arc::default(),
        }
    }

    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// What a block is handed of the schema.
    pub(crate) fn known(&self) -> &Arc<SchemaSnapshot> {
        &self.known
    }

    pub(crate) fn refused(&self) -> &Arc<Refused> {
        &self.refused
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether everything that a block took for granted is so.
    pub(crate) fn agrees_with(&self, block: &BlockResult) -> bool {
        block.tables.iter().all(|batch| {
            let known = self.schema.tables.get(&*batch.name);
            let refused = self.refused.get(&*batch.name);
            if batch.relied_on_new && known.is_some_and(|known| !known.is_new()) {
                return false;
            }
            batch.seen.iter().all(|seen| {
                if refused.is_some_and(|refused| refused.contains_key(&*seen.name)) != seen.was_refused {
                    return false;
                }
                let column = known.and_then(|known| known.columns.get(&*seen.name));
                column.is_none_or(|column| agrees(seen, column))
            })
        })
    }

    /// Adds what a block found. It must agree.
    ///
    /// # Errors
    /// [`SchemaError`] if tables contradict the schema.
    pub(crate) fn add(&mut self, block: &BlockResult) -> Result<(), SchemaError> {
        for batch in &block.tables {
            self.note_nulls(batch);
        }
        for (table, column, refusal) in &block.new_refused {
            let refused = Arc::make_mut(&mut self.refused);
            let table = refused.entry((&*block.tables[*table].name).into()).or_default();
            table.insert((&**column).into(), refusal.clone());
            self.generation += 1;
        }
        let mut additions: IndexMap<usize, Vec<&Column>> = IndexMap::new();
        for (table, column) in &block.new_columns {
            if !self.has_type(&block.tables[*table].name, &column.name) {
                additions.entry(*table).or_default().push(column);
            }
        }
        let partial = |(table, columns): (usize, Vec<&Column>)| {
            let batch = &block.tables[table];
            self.partial(&batch.name, batch.parent.as_deref(), columns.into_iter().cloned())
        };
        let partials: Vec<Table> = additions.into_iter().map(partial).collect();
        self.merge(partials)
    }

    /// Adds columns to a table, which is made if it does not exist.
    pub(crate) fn add_columns(
        &mut self,
        name: &str,
        parent: Option<&str>,
        columns: impl IntoIterator<Item = Column>,
    ) -> Result<(), SchemaError> {
        let partial = self.partial(name, parent, columns);
        self.merge(vec![partial])
    }

    /// A table with nothing but these columns.
    fn partial(&self, name: &str, parent: Option<&str>, columns: impl IntoIterator<Item = Column>) -> Table {
        let mut partial = match (self.schema.tables.get(name), parent) {
            (Some(known), _) => Table { parent: known.parent.clone(), ..Table::new(name) },
            (None, Some(parent)) => Table::nested(name, parent),
            (None, None) => Table::root(name, name),
        };
        for column in columns {
            partial.columns.insert(column.name.clone(), column);
        }
        partial
    }

    /// Merges tables, those above before those below.
    fn merge(&mut self, partials: Vec<Table>) -> Result<(), SchemaError> {
        if partials.is_empty() {
            return Ok(());
        }
        self.schema.merge_found(partials.iter().cloned())?;
        self.generation += 1;
        let known = Arc::make_mut(&mut self.known);
        for partial in partials {
            known.take(&self.schema, &partial.name);
            let merged = &self.schema.tables[&partial.name];
            let update = self.update.entry(partial.name).or_insert_with(|| {
                let mut update = merged.clone();
                update.columns.clear();
                update
            });
            update.columns.extend(partial.columns);
        }
        Ok(())
    }

    /// Notes columns that the input has, but without any value.
    pub(crate) fn note_null_column(&mut self, table: &str, column: &str) {
        self.null_columns.entry(table.to_owned()).or_default().insert(column.to_owned());
    }

    fn note_nulls(&mut self, batch: &TableBatch) {
        for seen in batch.seen.iter().filter(|seen| seen.null_while_untyped) {
            self.note_null_column(&batch.name, &seen.name);
        }
    }

    fn has_type(&self, table: &str, column: &str) -> bool {
        let known = self.schema.tables.get(table).and_then(|table| table.columns.get(column));
        known.is_some_and(Column::is_complete)
    }

    /// The schema, what the package adds to it, and columns that brought nothing but nulls.
    pub(crate) fn finish(mut self) -> Finished {
        let mut nulls = std::mem::take(&mut self.null_columns);
        for (table, columns) in &mut nulls {
            let refused = self.refused.get(table.as_str());
            let is_refused = |column: &str| refused.is_some_and(|refused| refused.contains_key(column));
            columns.retain(|column| !self.has_type(table, column) && !is_refused(column));
        }
        nulls.retain(|_, columns| !columns.is_empty());
        Finished { schema: self.schema, update: self.update, null_columns: nulls }
    }
}

/// What normalizing a package made of the schema.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) schema: Schema,
    pub(crate) update: IndexMap<String, Table>,
    pub(crate) null_columns: BTreeMap<String, BTreeSet<String>>,
}

fn agrees(seen: &SeenColumn, column: &Column) -> bool {
    match (seen.assumed, column.data_type) {
        (None, None) => true,
        (Some(assumed), Some(found)) => assumed == found,
        (Some(_), None) => false,
        (None, Some(found)) => {
            seen.data_type.is_none_or(|own| own == found)
                && !seen.is_refused
                && !(seen.unfolded_while_untyped && found == DataType::Json)
                && (!seen.null_while_untyped || column.is_nullable())
        }
    }
}
