//! What a worker has learned about the form of rows: which key leads to which column, object or list.
//!
//! The knowledge outlives blocks and does not depend on what the data made of the schema, only on settings,
//! hints and names. Each entry remembers which key followed it last time, so that rows of equal form are
//! matched by comparing key bytes, without hashing.
//!
//! What items `{"id": 7, "user": {"name": "ada"}, "lines": [{"sku": "x"}]}` of a table `orders` leave behind:
//!
//! ```text
//! path [orders] ─────────────────────────────── table orders
//! └ object, the row                             │
//!   ├ entry "id" ─────────────────────────────▶ ├ slot id
//!   ├ entry "user" ───────────────────────────▶ ├ slot user
//!   │ └ object                                  │
//!   │   └ entry "name" ───────────────────────▶ ├ slot user__name
//!   └ entry "lines" ──────────────────────────▶ └ slot lines
//!     └ path [orders, lines] ────────────────── table orders__lines
//!       └ object, the row                       │
//!         └ entry "sku" ──────────────────────▶ └ slot sku
//! ```
//!
//! Every entry has a slot, since a value of any kind may come next time; `user` and `lines` become columns only if
//! one does. Several paths may lead to one table, where normalized names are equal.

use std::collections::HashMap;
use std::sync::Arc;

use crate::name_map::NameMap;
use crate::rules::Rules;
use crate::slots::{SlotId, TableShape, Written};

/// No object, path or entry yet.
const NONE: u32 = u32::MAX;

/// A table, by number.
pub(crate) type TableId = usize;
/// A path at which rows stand, by number.
pub(crate) type PathId = u32;
/// An object inside of rows, by number.
pub(crate) type ObjectId = u32;

/// Everything learned so far.
#[derive(Debug)]
pub(crate) struct Shapes {
    rules: Arc<Rules>,
    pub(crate) tables: Vec<TableShape>,
    pub(crate) paths: Vec<TablePath>,
    pub(crate) objects: Vec<ObjectShape>,
    table_ids: HashMap<Box<str>, TableId>,
    roots: HashMap<Box<str>, PathId>,
}

/// Where rows of a table stand: they are the items of a file, or the elements of lists.
#[derive(Debug)]
pub(crate) struct TablePath {
    pub(crate) table: TableId,
    /// The parts of the path, which make the table's name and those of the tables below.
    parts: Vec<Box<str>>,
    /// The table above; empty for items of a file.
    pub(crate) parent_table: Box<str>,
    /// The rows themselves.
    pub(crate) object: ObjectId,
    pub(crate) is_root: bool,
    /// How many levels of the items of a file are unpacked.
    pub(crate) max_nesting: i64,
    /// The row that had a list here last, and which of its lists that was.
    pub(crate) written: Written,
}

/// An object inside of the rows of a path.
#[derive(Debug)]
pub(crate) struct ObjectShape {
    pub(crate) path: PathId,
    /// Normalized keys from the row to the object; none for the row itself.
    keys: Vec<Box<str>>,
    pub(crate) entries: Vec<Entry>,
    index: NameMap<Box<str>, u32>,
    /// The entry that came first last time.
    pub(crate) first: u32,
    /// Objects inside of this one, by normalized key.
    children: HashMap<Box<str>, ObjectId>,
    /// Lists in this object, by normalized key.
    lists: HashMap<Box<str>, PathId>,
}

/// A key of an object.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: Box<str>,
    name: Box<str>,
    /// The column of the key, if its value is one.
    pub(crate) slot: SlotId,
    object: ObjectId,
    list: PathId,
    /// The entry that followed last time.
    pub(crate) next: u32,
    /// The object that had the key last, to notice repeated keys.
    pub(crate) visit: u64,
}

impl Shapes {
    pub(crate) fn new(rules: Arc<Rules>) -> Self {
        Self {
            rules,
            tables: Vec::new(),
            paths: Vec::new(),
            objects: Vec::new(),
            table_ids: HashMap::new(),
            roots: HashMap::new(),
        }
    }

    /// The path of the items of files of a root table.
    pub(crate) fn root(&mut self, table: &str) -> PathId {
        if let Some(path) = self.roots.get(table) {
            return *path;
        }
        let path = self.add_path(vec![table.into()], "", true);
        self.roots.insert(table.into(), path);
        path
    }

    fn add_path(&mut self, parts: Vec<Box<str>>, parent_table: &str, is_file: bool) -> PathId {
        let name = self.rules.table_name(&parts);
        let is_root = is_file || !self.rules.is_nested(&name);
        let table = self.table(&name, is_root);
        let id = self.paths.len() as PathId;
        let object = self.add_object(id, Vec::new());
        let max_nesting = self.rules.max_nesting(&name);
        self.paths.push(TablePath {
            table,
            parts,
            parent_table: parent_table.into(),
            object,
            is_root,
            max_nesting,
            written: Written::default(),
        });
        id
    }

    /// The table of a name that was seen before.
    pub(crate) fn table_id(&self, name: &str) -> Option<TableId> {
        self.table_ids.get(name).copied()
    }

    fn table(&mut self, name: &str, is_root: bool) -> TableId {
        if let Some(table) = self.table_ids.get(name) {
            return *table;
        }
        let table = TableShape::new(name, is_root, &self.rules);
        self.tables.push(table);
        self.table_ids.insert(name.into(), self.tables.len() - 1);
        self.tables.len() - 1
    }

    fn add_object(&mut self, path: PathId, keys: Vec<Box<str>>) -> ObjectId {
        self.objects.push(ObjectShape {
            path,
            keys,
            entries: Vec::new(),
            index: NameMap::default(),
            first: NONE,
            children: HashMap::new(),
            lists: HashMap::new(),
        });
        self.objects.len() as ObjectId - 1
    }

    /// The table and the column of an entry, if its value is one.
    pub(crate) fn column_of(&self, object: ObjectId, entry: u32) -> (TableId, SlotId) {
        let shape = &self.objects[object as usize];
        (self.paths[shape.path as usize].table, shape.entries[entry as usize].slot)
    }

    /// The entry of a key, looked up by hash or made new.
    pub(crate) fn entry(&mut self, object: ObjectId, key: &str) -> u32 {
        match self.objects[object as usize].index.get(key) {
            Some(entry) => *entry,
            None => self.add_entry(object, key),
        }
    }

    /// The entry of a key that was not the expected one. From now on it is, after `previous`.
    pub(crate) fn entry_after(&mut self, object: ObjectId, previous: Option<u32>, key: &str) -> u32 {
        let entry = self.entry(object, key);
        let shape = &mut self.objects[object as usize];
        match previous {
            None => shape.first = entry,
            Some(previous) => shape.entries[previous as usize].next = entry,
        }
        entry
    }

    fn add_entry(&mut self, object: ObjectId, key: &str) -> u32 {
        let shape = &self.objects[object as usize];
        let name = self.rules.naming.normalize_key(key);
        let column = self.rules.column_name(&shape.keys, &name);
        let table = self.paths[shape.path as usize].table;
        let slot = self.tables[table].slot(&column, &self.rules);
        let shape = &mut self.objects[object as usize];
        let entry = shape.entries.len() as u32;
        let name = name.into_boxed_str();
        shape.entries.push(Entry {
            key: key.into(),
            name,
            slot,
            object: NONE,
            list: NONE,
            next: NONE,
            visit: 0,
        });
        shape.index.insert(key.into(), entry);
        entry
    }

    /// The shape of the object under an entry.
    pub(crate) fn child_object(&mut self, object: ObjectId, entry: u32) -> ObjectId {
        let shape = &self.objects[object as usize];
        let known = &shape.entries[entry as usize];
        if known.object != NONE {
            return known.object;
        }
        let name = known.name.clone();
        let child = if let Some(child) = shape.children.get(&name) {
            *child
        } else {
            let keys = shape.keys.iter().cloned().chain([name.clone()]).collect();
            let child = self.add_object(shape.path, keys);
            self.objects[object as usize].children.insert(name, child);
            child
        };
        self.objects[object as usize].entries[entry as usize].object = child;
        child
    }

    /// The path of the rows of the list under an entry. Keys of equal names share it.
    pub(crate) fn child_path(&mut self, object: ObjectId, entry: u32) -> PathId {
        let shape = &self.objects[object as usize];
        let known = &shape.entries[entry as usize];
        if known.list != NONE {
            return known.list;
        }
        let mut ident = self.rules.naming.normalize_table_key(&known.key).into_boxed_str();
        // As in dlt, a list under a key without a name belongs to the object around it. Directly in a row that
        // would be the row's own table, in which dlt mixes rows of both.
        if ident.is_empty() && shape.keys.is_empty() {
            ident = known.name.clone();
        }
        let path = if let Some(path) = shape.lists.get(&ident) {
            *path
        } else {
            let parent = &self.paths[shape.path as usize];
            let parent_name = Arc::clone(&self.tables[parent.table].name);
            let last = (!ident.is_empty()).then(|| ident.clone());
            let parts = parent.parts.iter().chain(&shape.keys).cloned().chain(last).collect();
            let path = self.add_path(parts, &parent_name, false);
            self.objects[object as usize].lists.insert(ident, path);
            path
        };
        self.objects[object as usize].entries[entry as usize].list = path;
        path
    }
}
