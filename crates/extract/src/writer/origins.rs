//! Where the rows of a file come from, in few words.

use std::sync::Arc;

use cartage_package_store::SourceRange;
use cartage_source_api::PageOrigin;

/// Entries of one file. With more, neighbours are joined and lines are only near the true ones.
const MAX_ENTRIES: usize = 10_000;

/// Entries that may be left when neighbours were joined; with more it would soon have to be done again, for little.
const MOST_AFTER_JOINING: usize = MAX_ENTRIES / 4 * 3;

/// Collects the origins of the rows of one file.
#[derive(Debug, Default)]
pub(super) struct Origins {
    entries: Vec<Entry>,
    rows: u64,
    /// Where entries were joined: those that tell a line exactly are not known any more.
    is_coarse: bool,
    /// Where joining did not help: there are many sources of few rows each, and the rest has no origin.
    is_full: bool,
}

#[derive(Clone, Debug)]
struct Entry {
    source: Arc<str>,
    first_line: u64,
    first_row: u64,
    rows: u64,
}

impl Origins {
    /// Adds rows that follow the ones before; `origin` is `None` where nothing is known of them.
    pub(super) fn push(&mut self, origin: Option<&PageOrigin>, rows: u64) {
        if let Some(PageOrigin { source, first_line, .. }) = origin {
            self.push_known(source, *first_line, rows);
        }
        self.rows += rows;
    }

    fn push_known(&mut self, source: &Arc<str>, first_line: u64, rows: u64) {
        if let Some(last) = self.entries.last_mut() {
            let follows = last.first_row + last.rows == self.rows && last.source == *source;
            if follows && last.first_line + last.rows == first_line {
                last.rows += rows;
                return;
            }
        }
        if self.entries.len() == MAX_ENTRIES && !self.is_full {
            self.coarsen();
            self.is_full = self.entries.len() > MOST_AFTER_JOINING;
        }
        if self.is_full {
            return;
        }
        let source = Arc::clone(source);
        self.entries.push(Entry { source, first_line, first_row: self.rows, rows });
    }

    /// Joins each second entry with the one before where both come from one source.
    fn coarsen(&mut self) {
        self.is_coarse = true;
        let mut kept: Vec<Entry> = Vec::with_capacity(MAX_ENTRIES);
        let mut joined = true;
        for entry in self.entries.drain(..) {
            match kept.last_mut() {
                Some(last) if !joined && last.source == entry.source => {
                    last.rows = entry.first_row + entry.rows - last.first_row;
                    joined = true;
                }
                _ => {
                    kept.push(entry);
                    joined = false;
                }
            }
        }
        self.entries = kept;
    }

    /// The origins as a manifest lists them.
    pub(super) fn finish(self) -> Vec<SourceRange> {
        let is_coarse = self.is_coarse;
        let name = |source: &str| {
            if is_coarse { format!("{source} near") } else { source.to_owned() }
        };
        let entry = |entry: Entry| SourceRange {
            source: name(&entry.source),
            first_line: entry.first_line,
            first_row: entry.first_row,
            rows: entry.rows,
        };
        self.entries.into_iter().map(entry).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(line: u64) -> PageOrigin {
        PageOrigin { source: "a.jsonl".into(), first_line: line, rows: 1 }
    }

    #[test]
    fn rows_on_successive_lines_are_one_entry() {
        let mut origins = Origins::default();
        for line in [1, 2, 3, 5, 6] {
            origins.push(Some(&origin(line)), 1);
        }
        origins.push(None, 4);
        origins.push(Some(&origin(7)), 1);
        let found: Vec<_> = origins.finish().iter().map(|o| (o.first_line, o.first_row, o.rows)).collect();
        assert_eq!(found, [(1, 0, 3), (5, 3, 2), (7, 9, 1)]);
    }

    #[test]
    fn rows_of_too_many_sources_have_no_origin_rather_than_a_wrong_one() {
        let mut origins = Origins::default();
        for source in 0..25_000 {
            let source = format!("{source}.jsonl").into();
            origins.push(Some(&PageOrigin { source, first_line: 1, rows: 1 }), 1);
        }
        let entries = origins.finish();
        assert!(entries.len() <= MAX_ENTRIES);
        for (row, entry) in entries.iter().enumerate() {
            assert_eq!((entry.first_row, entry.rows), (row as u64, 1));
            assert!(entry.source.starts_with(&format!("{row}.jsonl")), "{}", entry.source);
        }
    }

    #[test]
    fn too_many_entries_become_coarser_and_say_so() {
        let mut origins = Origins::default();
        for row in 0..25_000 {
            origins.push(Some(&origin(1 + 2 * row)), 1);
        }
        let entries = origins.finish();
        assert!(entries.len() <= MAX_ENTRIES);
        assert!(entries.iter().all(|entry| entry.source == "a.jsonl near"));
        assert_eq!(entries.iter().map(|entry| entry.rows).sum::<u64>(), 25_000);
        assert!(entries.iter().all(|entry| entry.first_line == 1 + 2 * entry.first_row));
    }
}
