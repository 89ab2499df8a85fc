//! What a worker has learned about the form of rows: which key leads to which column, object or list.
//!
//! The knowledge outlives blocks and does not depend on what the data made of the schema, only on settings,
//! hints and names. Each entry remembers which key followed it last time, so that rows of equal form are
//! matched by comparing key bytes, without hashing.

use std::collections::HashMap;
use std::sync::Arc;

use crate::name_map::NameMap;
use crate::rules::Rules;
use crate::slots::{Mark, SlotId, TableShape};

/// No object, place or entry yet.
const NONE: u32 = u32::MAX;

/// A table, by number.
pub(crate) type TableId = usize;
/// A place where rows come from, by number.
pub(crate) type PlaceId = u32;
/// An object inside of rows, by number.
pub(crate) type ObjectId = u32;

/// Everything learned so far.
#[derive(Debug)]
pub(crate) struct Shapes {
    rules: Arc<Rules>,
    pub(crate) tables: Vec<TableShape>,
    pub(crate) places: Vec<Place>,
    pub(crate) objects: Vec<ObjectShape>,
    table_ids: HashMap<Box<str>, TableId>,
    roots: HashMap<Box<str>, PlaceId>,
}

/// Where rows of a table come from: the items of a file, or the lists at one path.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) table: TableId,
    /// The parts of the path, which make the table's name and those of the tables below.
    path: Vec<Box<str>>,
    /// The table above; empty for items of a file.
    pub(crate) parent_table: Box<str>,
    /// The rows themselves.
    pub(crate) object: ObjectId,
    pub(crate) is_root: bool,
    /// How many levels of the items of a file are unpacked.
    pub(crate) max_nesting: i64,
    /// The row that had a list here last, and which of its lists that was.
    pub(crate) mark: Mark,
}

/// An object inside of rows of a place.
#[derive(Debug)]
pub(crate) struct ObjectShape {
    pub(crate) place: PlaceId,
    path: Vec<Box<str>>,
    pub(crate) entries: Vec<Entry>,
    index: NameMap<Box<str>, u32>,
    /// The entry that came first last time.
    pub(crate) first: u32,
    /// Objects inside of this one, by normalized key.
    children: HashMap<Box<str>, ObjectId>,
    /// Lists in this object, by normalized key.
    lists: HashMap<Box<str>, PlaceId>,
}

/// A key of an object.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: Box<str>,
    name: Box<str>,
    /// The column of the key, if its value is one.
    pub(crate) slot: SlotId,
    object: ObjectId,
    list: PlaceId,
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
            places: Vec::new(),
            objects: Vec::new(),
            table_ids: HashMap::new(),
            roots: HashMap::new(),
        }
    }

    /// The place of the items of files of a root table.
    pub(crate) fn root(&mut self, table: &str) -> PlaceId {
        if let Some(place) = self.roots.get(table) {
            return *place;
        }
        let place = self.add_place(vec![table.into()], "", true);
        self.roots.insert(table.into(), place);
        place
    }

    fn add_place(&mut self, path: Vec<Box<str>>, parent_table: &str, is_file: bool) -> PlaceId {
        let name = self.rules.naming.shorten_fragments(path.iter().map(AsRef::as_ref));
        let is_root = is_file || !self.rules.is_nested(&name);
        let table = self.table(&name, is_root);
        let place = self.places.len() as PlaceId;
        let object = self.add_object(place, Vec::new());
        let max_nesting = self.rules.max_nesting(&name);
        self.places.push(Place {
            table,
            path,
            parent_table: parent_table.into(),
            object,
            is_root,
            max_nesting,
            mark: Mark::default(),
        });
        place
    }

    /// The table of a name that was met before.
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

    fn add_object(&mut self, place: PlaceId, path: Vec<Box<str>>) -> ObjectId {
        self.objects.push(ObjectShape {
            place,
            path,
            entries: Vec::new(),
            index: NameMap::default(),
            first: NONE,
            children: HashMap::new(),
            lists: HashMap::new(),
        });
        self.objects.len() as ObjectId - 1
    }

    /// The entry of a key, looked up by hash or made new.
    pub(crate) fn entry(&mut self, object: ObjectId, key: &str) -> u32 {
        match self.objects[object as usize].index.get(key) {
            Some(entry) => *entry,
            None => self.add_entry(object, key),
        }
    }

    /// The entry of a key that was not the expected one. From now on it is, behind `previous`.
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
        let naming = &self.rules.naming;
        let shape = &mut self.objects[object as usize];
        let name = naming.normalize_key(key);
        let column = if shape.path.is_empty() {
            name.clone()
        } else {
            naming.shorten_fragments(shape.path.iter().map(AsRef::as_ref).chain([name.as_str()]))
        };
        let table = self.places[shape.place as usize].table;
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
            let path = shape.path.iter().cloned().chain([name.clone()]).collect();
            let child = self.add_object(shape.place, path);
            self.objects[object as usize].children.insert(name, child);
            child
        };
        self.objects[object as usize].entries[entry as usize].object = child;
        child
    }

    /// The place of the rows of the list under an entry. Keys of equal names share it.
    pub(crate) fn child_place(&mut self, object: ObjectId, entry: u32) -> PlaceId {
        let shape = &self.objects[object as usize];
        let known = &shape.entries[entry as usize];
        if known.list != NONE {
            return known.list;
        }
        let mut ident = self.rules.naming.normalize_table_key(&known.key).into_boxed_str();
        // As in dlt, a list under a key without a name belongs to the object around it. Directly in a row that
        // would be the row's own table, in which dlt mixes rows of both.
        if ident.is_empty() && shape.path.is_empty() {
            ident = known.name.clone();
        }
        let place = if let Some(place) = shape.lists.get(&ident) {
            *place
        } else {
            let parent = &self.places[shape.place as usize];
            let parent_name = Arc::clone(&self.tables[parent.table].name);
            let last = (!ident.is_empty()).then(|| ident.clone());
            let path = parent.path.iter().chain(&shape.path).cloned().chain(last).collect();
            let place = self.add_place(path, &parent_name, false);
            self.objects[object as usize].lists.insert(ident, place);
            place
        };
        self.objects[object as usize].entries[entry as usize].list = place;
        place
    }
}
