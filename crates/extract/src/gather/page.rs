//! What is done with a page: its hints come into the schema, its rows into files, and what is below it gets it too.

use std::collections::{HashMap, HashSet};

use cartage_runtime::Stage;
use cartage_source_api::Page;

use super::Extraction;
use crate::ExtractError;
use crate::feed::{Feed, PageEffects};
use crate::writer::TableWriters;

/// Which hints are in the schema already.
#[derive(Default)]
pub(super) struct HintsInUse {
    /// Tables that got JSON rows: the first resource that writes to one decides its hints for the run.
    pub(super) json: HashSet<String>,
    /// The target whose hints a table of columnar rows has. There the last one decides.
    pub(super) columnar: HashMap<String, usize>,
}

impl Extraction<'_> {
    /// Writes a page, as far as the limit of rows allows.
    pub(super) fn take(
        &mut self,
        feed: &mut Feed,
        writers: &mut TableWriters<'_>,
        resource: usize,
        mut page: Page,
        along: PageEffects,
    ) -> Result<(), ExtractError> {
        let PageEffects { change, route } = along;
        if let Page::Message(_) = page {
            self.progress[resource].take(change, &self.state, &self.schema.name);
            if feed.has_children(resource) {
                feed.hand_down(resource, page);
            }
            return Ok(());
        }
        let left = self.settings.limit.rows_left(self.reports[resource].rows);
        // A page that moves a position is taken as a whole: cut, its other rows would be lost or its own double.
        let room = if change.has_edits() { u64::MAX } else { left };
        let bytes = page.source_bytes();
        let rows = page.rows().min(room);
        self.progress[resource].begin();
        let has_passed = self.progress[resource].take(change, &self.state, &self.schema.name);
        if self.planned[resource].is_hidden {
            if let Page::Json(page) = &mut page {
                page.truncate(room);
            }
            self.reports[resource].rows += rows;
            self.hand_down(feed, resource, page);
            return Ok(());
        }
        let target = self.target(resource, route.as_deref(), &page)?;
        let is_empty_file = matches!(&page, Page::ParquetFile(file) if file.rows == 0);
        match &page {
            // A page without rows still stands for a resource that has been there, unless its cursor let none
            // of them pass.
            Page::Json(_) if has_passed && self.hints.json.insert(target.table.clone()) => {
                self.merge_hints(resource, &target, &page)?;
            }
            Page::Arrow(_) | Page::ParquetFile(_)
                if (rows > 0 || is_empty_file)
                    && self.hints.columnar.insert(target.table.clone(), target.id) != Some(target.id) =>
            {
                self.merge_hints(resource, &target, &page)?;
                if self.planned[resource].takes_row_ids {
                    self.add_id_columns(resource, &target.table)?;
                }
            }
            _ => {}
        }
        let settings = self.writer_settings(resource);
        let table = &target.table;
        let refused = self.contracts.refuses(table);
        match &mut page {
            Page::Json(page) => {
                page.truncate(room);
                self.reports[resource].rejected += page.rejected().len() as u64;
            }
            Page::Arrow(batch) => *batch = batch.slice(0, rows as usize),
            Page::ParquetFile(_) | Page::Message(_) => {}
        }
        match &page {
            page if refused.is_some() => self.keep_discarded(writers, resource, &target, page, rows)?,
            Page::ParquetFile(file) if file.rows > room => {
                let failed = |error| self.failed(resource, error);
                for batch in file.first_rows(rows).map_err(failed)? {
                    writers.write(table, &Page::Arrow(batch.map_err(failed)?), settings)?;
                }
            }
            // A file without rows says which columns its table has; a page of which no row is left does not.
            Page::Arrow(_) | Page::ParquetFile(_) if rows == 0 && !is_empty_file => {}
            page => {
                if let Page::ParquetFile(file) = page {
                    file.check_whole(self.settings.compression_threads)
                        .map_err(|error| self.failed(resource, error))?;
                }
                match page {
                    Page::Arrow(batch) if self.planned[resource].takes_row_ids => {
                        let page = Page::Arrow(self.with_row_ids(writers, resource, table, batch)?);
                        writers.write(table, &page, settings)?;
                    }
                    page => writers.write(table, page, settings)?,
                }
            }
        }
        // Hints without rows stand for a table that is there without any.
        let is_declared = matches!(&page, Page::Json(page) if page.is_empty())
            && route.as_ref().is_some_and(|route| route.hints.is_some());
        if is_declared && refused.is_none() && !writers.has_files(table) && !self.written.contains(table) {
            writers.write_empty(table, settings)?;
        }
        self.runtime.progress.advance(Stage::Extract, table, rows, bytes, bytes);
        self.done += bytes;
        self.filled.add(rows, page.size());
        self.reports[resource].rows += rows;
        if let Some(reason) = refused {
            self.contracts.discards.add(reason, rows, 0);
        } else if rows > 0 {
            *self.tables.entry(table.clone()).or_default() += rows;
        }
        self.hand_down(feed, resource, page);
        Ok(())
    }

    /// Gives a page to the children of its resource, and takes no more if there is no room.
    fn hand_down(&self, feed: &mut Feed, resource: usize, page: Page) {
        if feed.has_children(resource) && page.rows() > 0 {
            feed.hand_down(resource, page);
        }
        // The feed counts the pages of the others.
        let has_all_pages = self.planned[resource].has_checkpoints
            && self.progress[resource].pages() >= self.settings.limit.page_count();
        if has_all_pages || self.settings.limit.is_reached(self.reports[resource].rows) {
            feed.close(resource);
        }
    }
}
