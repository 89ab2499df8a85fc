//! Which tables lie below which: looked up once for all tables, and asked as often as needed.

use std::collections::HashMap;

use indexmap::IndexMap;

use crate::table::Table;

/// The tables of a schema by the table above them.
#[derive(Clone, Debug)]
pub struct Nesting<'a> {
    tables: &'a IndexMap<String, Table>,
    below: HashMap<&'a str, Vec<&'a Table>>,
}

impl<'a> Nesting<'a> {
    pub(crate) fn of(tables: &'a IndexMap<String, Table>) -> Self {
        let mut below: HashMap<&str, Vec<&Table>> = HashMap::new();
        for table in tables.values() {
            if let Some(parent) = &table.parent {
                below.entry(parent).or_default().push(table);
            }
        }
        Self { tables, below }
    }

    /// The table and all tables below it, parents before children, in dlt's order: each child is followed by
    /// everything below it.
    pub fn chain(&self, name: &str) -> Vec<&'a Table> {
        let mut chain = Vec::new();
        let mut waiting: Vec<&Table> = self.tables.get(name).into_iter().collect();
        while let Some(table) = waiting.pop() {
            // A document with a cycle of parents would never end otherwise.
            if chain.len() > self.tables.len() {
                break;
            }
            chain.push(table);
            waiting.extend(self.below.get(table.name.as_str()).into_iter().flatten().rev());
        }
        chain
    }

    /// The tables of all chains, one chain after another in the order of their roots.
    pub fn parents_first(&self) -> impl Iterator<Item = &'a Table> {
        let roots = self.tables.values().filter(|table| !table.is_nested());
        roots.flat_map(|root| self.chain(&root.name))
    }
}
