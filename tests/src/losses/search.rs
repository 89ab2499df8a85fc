//! The search for a value among the cells of its row and of the rows below.

use std::collections::HashMap;

use super::dataset::{Dataset, StoredRow};
use super::equal::{Cell, is_column_of, says};
use super::given::Given;
use super::judge::Judgement;
use super::names;
use super::outcome::Note;

/// The cells of a dataset, and which of them were found to say something that was given.
pub(super) struct Search<'d> {
    dataset: &'d Dataset,
    notes: Vec<Note>,
    /// Cells that say something, by table and row.
    said: HashMap<&'d str, Vec<Option<Vec<bool>>>>,
    /// Rows by their id, or by their parent and index.
    roots: HashMap<(&'d str, &'d str), Vec<usize>>,
    children: HashMap<(&'d str, &'d str, usize), usize>,
}

/// Where a value is looked for.
#[derive(Clone, Debug)]
struct Spot<'p> {
    table: String,
    row: usize,
    column: String,
    is_child: bool,
    /// For people.
    place: &'p str,
}

impl<'d> Search<'d> {
    pub(super) fn new(dataset: &'d Dataset, mut notes: Vec<Note>) -> Self {
        // A number beyond a double is explained by either kind of note, other values only by one.
        notes.sort_by_key(|note| !note.nulled);
        let mut search =
            Self { dataset, notes, said: HashMap::new(), roots: HashMap::new(), children: HashMap::new() };
        for (table, rows) in &dataset.tables {
            search.said.insert(table, vec![None; rows.len()]);
            for (at, row) in rows.iter().enumerate() {
                let id = row.cells.iter().find(|(name, _)| name == "id");
                if let (true, Some((_, Cell::Text(id)))) = (row.parent.is_empty(), id) {
                    search.roots.entry((table, id)).or_default().push(at);
                }
                if let Some(index) = row.index {
                    search.children.insert((table, &row.parent, index), at);
                }
            }
        }
        search
    }

    /// The rows with an id, all cells of which but the id are yet to be found.
    pub(super) fn root(&mut self, table: &str, id: &str) -> Vec<usize> {
        let Some((table, _)) = self.dataset.tables.get_key_value(table) else { return Vec::new() };
        let found = self.roots.get(&(table.as_str(), id)).cloned().unwrap_or_default();
        for at in &found {
            self.visit(table, *at, |(name, _)| name == "id");
        }
        found
    }

    /// Looks for a value of a row.
    pub(super) fn value(
        &mut self,
        table: &str,
        row: usize,
        key: &str,
        given: &Given,
        place: &str,
        judgement: &mut Judgement,
    ) {
        let (table, column) = (table.to_owned(), names::column(key));
        self.look(&Spot { table, row, column, is_child: false, place }, given, judgement);
    }

    fn look(&mut self, spot: &Spot<'_>, given: &Given, judgement: &mut Judgement) {
        let is_nested = matches!(given, Given::List(_) | Given::Object(_) | Given::Map(_));
        if *given == Given::Null {
            return;
        }
        if let Some(column) = self.find(spot, given) {
            let counts = &mut judgement.counts;
            let count = match (is_nested, spot.is_child) {
                (true, _) => &mut counts.document,
                (false, true) => &mut counts.child,
                (false, false) if column == spot.column => &mut counts.column,
                (false, false) => &mut counts.variant,
            };
            *count += given.leaves() as u64;
            return;
        }
        match given {
            Given::Object(fields) => {
                for (key, value) in fields {
                    let column = format!("{}__{}", spot.column, names::column(key));
                    self.look(&Spot { column, ..spot.clone() }, value, judgement);
                }
            }
            Given::List(items) => self.items(spot, items, judgement),
            given => self.missing(spot, given, judgement),
        }
    }

    fn items(&mut self, spot: &Spot<'_>, items: &[Given], judgement: &mut Judgement) {
        let table = format!("{}__{}", spot.table, spot.column);
        let parent = &self.dataset.tables[&spot.table][spot.row].id;
        for (index, item) in items.iter().enumerate() {
            let row = match self.dataset.tables.get_key_value(&table) {
                Some((table, _)) => self.children.get(&(table.as_str(), parent.as_str(), index)).copied(),
                None => None,
            };
            let Some(row) = row else {
                if item.leaves() > 0 {
                    let column = format!("[{index}]");
                    let spot = Spot { table: table.clone(), column, ..spot.clone() };
                    self.missing(&spot, item, judgement);
                }
                continue;
            };
            self.visit(&table, row, |_| false);
            let spot =
                Spot { table: table.clone(), row, column: String::new(), is_child: true, ..spot.clone() };
            match item {
                Given::Object(fields) => {
                    for (key, value) in fields {
                        let column = names::column(key);
                        self.look(&Spot { column, ..spot.clone() }, value, judgement);
                    }
                }
                Given::List(_) => self.look(&Spot { column: "list".to_owned(), ..spot }, item, judgement),
                item => self.look(&Spot { column: "value".to_owned(), ..spot }, item, judgement),
            }
        }
    }

    /// The column that says the value.
    fn find(&mut self, spot: &Spot<'_>, given: &Given) -> Option<String> {
        let row = &self.dataset.tables[&spot.table][spot.row];
        let said = self.said.get_mut(spot.table.as_str())?;
        let said = said[spot.row].get_or_insert_with(|| vec![false; row.cells.len()]);
        let says = |at: &usize| {
            let (name, cell) = &row.cells[*at];
            is_column_of(name, &spot.column) && says(cell, given)
        };
        // Keys that share a name may have equal values, each in a cell of its own; a boolean says more than one text.
        let unsaid = (0..row.cells.len()).filter(|at| !said[*at]).filter(says);
        let unsaid = unsaid.min_by_key(|at| matches!(row.cells[*at].1, Cell::Bool(_)));
        let at = unsaid.or_else(|| (0..row.cells.len()).find(says))?;
        said[at] = true;
        Some(row.cells[at].0.clone())
    }

    /// A value that is not there, which only a word of the summary explains.
    fn missing(&mut self, spot: &Spot<'_>, given: &Given, judgement: &mut Judgement) {
        let is_huge = matches!(given, Given::Huge(_));
        let explains = |note: &&mut Note| {
            // Rows "numbers beyond a double" and "two keys of one row that lead to one column" of
            // `docs/differences.md`.
            // Where a list was replaced, so were the lists in its items.
            let is_below = note.column.is_none() && spot.table.starts_with(&format!("{}__", note.table));
            note.values > 0
                && (note.table == spot.table || is_below)
                && (is_huge || !note.nulled)
                && note.column.as_deref().is_none_or(|column| is_column_of(column, &spot.column))
        };
        if let Some(note) = self.notes.iter_mut().find(explains) {
            note.values -= u64::from(note.column.is_some());
            judgement.counts.noted += given.leaves() as u64;
            return;
        }
        let row = self.dataset.tables.get(&spot.table).and_then(|rows| rows.get(spot.row));
        let cells = row.map(|row| describe(row, &spot.column)).unwrap_or_default();
        let Spot { table, column, place, .. } = spot;
        judgement.finds("lost value", format!("{table}.{column}: {place}: {given:?}; found {cells}"));
    }

    fn visit(&mut self, table: &str, row: usize, is_known: impl Fn(&(String, Cell)) -> bool) {
        let cells = &self.dataset.tables[table][row].cells;
        if let Some(said) = self.said.get_mut(table) {
            let said = said[row].get_or_insert_with(|| vec![false; cells.len()]);
            for (said, cell) in said.iter_mut().zip(cells) {
                *said |= is_known(cell);
            }
        }
    }

    /// Rows and cells that nothing explains.
    pub(super) fn made_up(&self, judgement: &mut Judgement) {
        for (table, rows) in &self.dataset.tables {
            for (at, row) in rows.iter().enumerate() {
                let Some(said) = &self.said[table.as_str()][at] else {
                    judgement.finds("row that nobody gave", format!("{table}: {row:?}"));
                    continue;
                };
                for ((name, cell), said) in row.cells.iter().zip(said) {
                    if !said {
                        let id = row.cells.iter().find(|(name, _)| name == "id").map(|(_, id)| id);
                        judgement
                            .finds("value that nobody gave", format!("{table}.{name}: {cell:?} of {id:?}"));
                    }
                }
            }
        }
    }
}

fn describe(row: &StoredRow, column: &str) -> String {
    let related: Vec<_> = row.cells.iter().filter(|(name, _)| name.starts_with(column)).collect();
    format!("{related:?}")
}
