//! The tables of a run: their hints and contracts, and what happens to those that get no rows.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use cartage_schema::{Column, DataType, MergeOrigin, Schema, SchemaError, Table, WriteDisposition};
use cartage_source_api::{Page, Route};

use super::Extraction;
use crate::ExtractError;
use crate::broken_contract::HintContractError;
use crate::contract::{first_row, rows_to_keep};
use crate::hinted_tables::HintedTables;
use crate::plan::Planned;
use crate::writer::TableWriters;

/// Tables of resources that no package has had yet.
pub(super) fn new_tables(planned: &[Planned], schema: &Schema) -> HashSet<String> {
    let tables = planned.iter().map(|resource| &resource.target.table);
    tables.filter(|table| !schema.tables.contains_key(*table)).cloned().collect()
}

impl Extraction<'_> {
    /// Where a page goes. Hints that it brings are put into the schema, whichever resource wrote to the table before.
    pub(super) fn target(
        &mut self,
        resource: usize,
        route: Option<&Route>,
        page: &Page,
    ) -> Result<Arc<HintedTables>, ExtractError> {
        let found = self.targets.find(resource, &self.planned[resource], route);
        let (target, is_new) = found.map_err(|reason| ExtractError::Hints {
            source_name: self.source_name.clone(),
            resource: self.planned[resource].name.clone(),
            reason,
        })?;
        if is_new {
            self.publisher.note(&target);
            if page.rows() > 0 && route.is_some_and(|route| route.hints.is_some()) {
                self.contracts.renew(&target.tables);
                self.hints.json.insert(target.table.clone());
                self.hints.columnar.insert(target.table.clone(), target.id);
                self.merge_hints(resource, &target, page)?;
            }
        }
        Ok(target)
    }

    /// Puts the tables of a resource into the schema, as far as their contracts let them.
    pub(super) fn merge_hints(
        &mut self,
        resource: usize,
        target: &HintedTables,
        page: &Page,
    ) -> Result<(), ExtractError> {
        for table in target.tables.clone() {
            let name = table.name.clone();
            let unusable = |error: SchemaError| ExtractError::Hints {
                source_name: self.source_name.clone(),
                resource: self.planned[resource].name.clone(),
                reason: error.to_string(),
            };
            match self.contracts.admit(&self.schema, table).map_err(unusable)? {
                Ok(Some(table)) => self.merge_table(resource, table)?,
                Ok(None) => {}
                Err(breach) => {
                    return Err(ExtractError::Contract(Box::new(HintContractError {
                        source_name: self.source_name.clone(),
                        resource: self.planned[resource].name.clone(),
                        row: breach.column.is_none().then(|| first_row(page)).flatten(),
                        table: name,
                        breach,
                    })));
                }
            }
        }
        Ok(())
    }

    fn merge_table(&mut self, resource: usize, table: Table) -> Result<(), ExtractError> {
        self.schema.merge_table(table, MergeOrigin::Resource).map_err(|error| ExtractError::Hints {
            source_name: self.source_name.clone(),
            resource: self.planned[resource].name.clone(),
            reason: error.to_string(),
        })?;
        Ok(())
    }

    /// Gives columns of a new table the types that a producer found out when it had seen all values.
    ///
    /// Only where nobody else decides: rows of another resource may have come as other types, and a table that an
    /// earlier package has may have its types by now.
    pub(super) fn settle_types(
        &mut self,
        resource: usize,
        types: Vec<(String, DataType)>,
    ) -> Result<(), ExtractError> {
        let Planned { target, is_hidden, .. } = &self.planned[resource];
        let name = target.table.clone();
        let writers = self.planned.iter().map(|planned| &*planned.target).chain(self.targets.routed());
        let is_shared = writers.filter(|target| target.table == name).count() > 1;
        if types.is_empty() || *is_hidden || is_shared || !self.new_tables.contains(&name) {
            return Ok(());
        }
        if self.written.contains(&name) {
            return Ok(());
        }
        let naming = self.schema.naming(self.publisher.settings.destination.max_name_length());
        let known = self.schema.tables.get(&name);
        let columns = types.into_iter().filter_map(|(key, data_type)| {
            let name = naming.normalize_key(&key);
            let decided =
                known.and_then(|table| table.columns.get(&name)).and_then(|column| column.data_type);
            let column = Column { name: name.clone(), data_type: Some(data_type), ..Column::default() };
            decided.is_none().then_some((name, column))
        });
        let change = Table { name: name.clone(), columns: columns.collect(), ..Table::default() };
        let unusable = |error: SchemaError| ExtractError::Hints {
            source_name: self.source_name.clone(),
            resource: self.planned[resource].name.clone(),
            reason: error.to_string(),
        };
        // What a contract keeps out, normalize judges row by row.
        match self.contracts.admit(&self.schema, change).map_err(unusable)? {
            Ok(Some(table)) => self.merge_table(resource, table),
            _ => Ok(()),
        }
    }

    /// Keeps rows of a table that its contract does not let in, where that is asked for.
    pub(super) fn keep_discarded(
        &self,
        writers: &mut TableWriters<'_>,
        resource: usize,
        target: &HintedTables,
        page: &Page,
        rows: u64,
    ) -> Result<(), ExtractError> {
        let (name, HintedTables { table, keeps_discarded, .. }) = (&self.planned[resource].name, target);
        if let Page::Json(page) = page {
            writers.keep(table, page.rejected())?;
        }
        let Some(reason) = self.contracts.refuses(table).filter(|_| *keeps_discarded && rows > 0) else {
            return Ok(());
        };
        let kept =
            rows_to_keep(page, name, rows, &reason.text()).map_err(|error| self.failed(resource, error))?;
        writers.keep(table, &kept)
    }

    /// Tables that an earlier package has replaced: the rows of this one are added to them.
    pub(super) fn continues(&self) -> BTreeSet<String> {
        let is_replaced = |target: &HintedTables| {
            target.disposition == WriteDisposition::Replace && self.written.contains(&target.table)
        };
        let own = self.planned.iter().filter(|planned| is_replaced(&planned.target));
        let own = own.map(|planned| planned.root.clone());
        let routed =
            self.targets.routed().filter(|target| is_replaced(target)).map(|target| target.table.clone());
        own.chain(routed).collect()
    }

    /// Tables that are replaced by nothing get a file without rows, so that load empties them: all that the
    /// resource has ever written to, as in dlt.
    pub(super) fn write_empty_tables(&mut self, writers: &mut TableWriters<'_>) -> Result<(), ExtractError> {
        for resource in 0..self.planned.len() {
            let Planned { name, target, is_hidden, .. } = &self.planned[resource];
            if *is_hidden || target.disposition != WriteDisposition::Replace {
                continue;
            }
            let is_silent = |table: &&Table| {
                table.has_seen_data()
                    && !writers.has_files(&table.name)
                    && !self.written.contains(&table.name)
            };
            let is_others = |table: &Table| {
                table.name != target.table
                    && (table.is_nested()
                        || table.resource.as_ref() != Some(name)
                        || table.write_disposition != Some(WriteDisposition::Replace))
            };
            let silent = self.schema.tables.values().filter(is_silent).filter(|table| !is_others(table));
            for (table, known) in
                silent.map(|table| (table.name.clone(), table.write_disposition)).collect::<Vec<_>>()
            {
                if known != Some(WriteDisposition::Replace) {
                    // A resource that was silent changes nothing but what must happen to its table.
                    let write_disposition = Some(WriteDisposition::Replace);
                    let change = Table { name: table.clone(), write_disposition, ..Table::default() };
                    self.merge_table(resource, change)?;
                }
                writers.write_empty(&table, self.writer_settings(resource))?;
            }
        }
        Ok(())
    }
}
