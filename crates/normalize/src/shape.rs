//! What a worker has learned about the form of rows: which key leads to which column, object or list.
//!
//! The knowledge outlives blocks and does not depend on what the data made of the schema, only on settings,
//! hints and names. Each entry remembers which key followed it last time, so that rows of equal form are
//! matched by comparing key bytes, without hashing.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use cartage_schema::DataType;
use xxhash_rust::xxh3::xxh3_64;

use crate::ids::table_seed;
use crate::rules::{RowIdKind, Rules};

/// No object, link or slot yet.
const NONE: u32 = u32::MAX;

/// Variants that a column can have: one for each type, and one for wei that are too large.
const VARIANTS: usize = DataType::ALL.len() + 1;

/// What the values of a variant are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VariantOf {
    /// Values of a type.
    Type(DataType),
    /// Texts of wei beyond what any destination holds. dlt's label for them is `str`.
    LargeWei,
}

/// A table, by number.
pub(crate) type TableId = usize;
/// A column of a table, by number.
pub(crate) type SlotId = u32;
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

/// A table that rows go to.
#[derive(Debug)]
pub(crate) struct TableShape {
    pub(crate) name: Arc<str>,
    pub(crate) slots: Vec<SlotShape>,
    /// For each slot the row that wrote it last and the cell that it wrote.
    pub(crate) marks: Vec<Mark>,
    slot_ids: HashMap<Box<str>, SlotId>,
    pub(crate) system: SystemSlots,
    /// Makes ids differ from those of other tables.
    pub(crate) seed: u64,
    pub(crate) row_id: RowIdKind,
    /// Columns whose values go to the tables below, under the names they have there.
    pub(crate) propagated: Vec<(SlotId, Arc<str>)>,
    /// Slots of columns inherited from tables above.
    inherited: Vec<(Arc<str>, SlotId)>,
}

/// A column as far as names and hints tell.
#[derive(Debug)]
pub(crate) struct SlotShape {
    pub(crate) name: Arc<str>,
    pub(crate) preferred: Option<DataType>,
    /// Whether a default hint forbids nulls.
    pub(crate) not_null: bool,
    /// Whether row filters leave the column out.
    pub(crate) excluded: bool,
    /// Slots of the variants, by what they hold.
    variants: [SlotId; VARIANTS],
}

/// Which row wrote a slot last.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mark {
    pub(crate) row: u64,
    pub(crate) cell: u32,
}

/// The columns that the normalizer itself writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemSlots {
    pub(crate) id: SlotId,
    pub(crate) load_id: SlotId,
    pub(crate) parent_id: SlotId,
    pub(crate) list_idx: SlotId,
    pub(crate) value: SlotId,
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
}

/// An object inside of rows of a place.
#[derive(Debug)]
pub(crate) struct ObjectShape {
    pub(crate) place: PlaceId,
    path: Vec<Box<str>>,
    pub(crate) entries: Vec<Entry>,
    index: HashMap<Box<str>, u32, BuildHasherDefault<KeyHasher>>,
    /// The entry that came first last time.
    pub(crate) first: u32,
    children: Vec<(Box<str>, ObjectId)>,
    links: Vec<(Box<str>, u32)>,
}

/// A key of an object.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: Box<str>,
    name: Box<str>,
    /// The column of the key, if its value is one.
    pub(crate) slot: SlotId,
    object: ObjectId,
    link: u32,
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
        self.places.push(Place { table, path, parent_table: parent_table.into(), object, is_root });
        place
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
            index: HashMap::default(),
            first: NONE,
            children: Vec::new(),
            links: Vec::new(),
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
        shape.entries.push(Entry { key: key.into(), name, slot, object: NONE, link: NONE, next: NONE, visit: 0 });
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
        let child = match shape.children.iter().find(|(other, _)| *other == name) {
            Some((_, child)) => *child,
            None => {
                let path = shape.path.iter().cloned().chain([name.clone()]).collect();
                let child = self.add_object(shape.place, path);
                self.objects[object as usize].children.push((name, child));
                child
            }
        };
        self.objects[object as usize].entries[entry as usize].object = child;
        child
    }

    /// The place of the rows of the list under an entry. Keys of equal names share it.
    pub(crate) fn child_place(&mut self, object: ObjectId, entry: u32) -> PlaceId {
        let shape = &self.objects[object as usize];
        let known = &shape.entries[entry as usize];
        if known.link != NONE {
            return known.link;
        }
        let mut ident = self.rules.naming.normalize_table_key(&known.key).into_boxed_str();
        if ident.is_empty() {
            ident = known.name.clone();
        }
        let place = match shape.links.iter().find(|(other, _)| *other == ident) {
            Some((_, place)) => *place,
            None => {
                let parent = &self.places[shape.place as usize];
                let parent_name = Arc::clone(&self.tables[parent.table].name);
                let path: Vec<Box<str>> =
                    parent.path.iter().chain(&shape.path).cloned().chain([ident.clone()]).collect();
                let place = self.add_place(path, &parent_name, false);
                self.objects[object as usize].links.push((ident, place));
                place
            }
        };
        self.objects[object as usize].entries[entry as usize].link = place;
        place
    }

    /// The slot of a variant of a column.
    pub(crate) fn variant(&mut self, table: TableId, slot: SlotId, of: VariantOf) -> SlotId {
        let shape = &mut self.tables[table];
        let index = match of {
            VariantOf::Type(data_type) => data_type as usize,
            VariantOf::LargeWei => VARIANTS - 1,
        };
        let known = shape.slots[slot as usize].variants[index];
        if known != NONE {
            return known;
        }
        let suffix = match of {
            VariantOf::Type(of) => self.rules.variant_suffix(&shape.name, &shape.slots[slot as usize].name, of),
            VariantOf::LargeWei => "v_str".to_owned(),
        };
        let name = self.rules.naming.shorten_fragments([&*shape.slots[slot as usize].name, &suffix]);
        let variant = shape.slot(&name, &self.rules);
        shape.slots[slot as usize].variants[index] = variant;
        variant
    }

    /// The slot of a column that a table inherits from one above.
    pub(crate) fn inherited_slot(&mut self, table: TableId, name: &Arc<str>) -> SlotId {
        let shape = &mut self.tables[table];
        if let Some((_, slot)) = shape.inherited.iter().find(|(known, _)| Arc::ptr_eq(known, name)) {
            return *slot;
        }
        let slot = shape.slot(name, &self.rules);
        shape.inherited.push((Arc::clone(name), slot));
        slot
    }
}

impl TableShape {
    fn new(name: &str, is_root: bool, rules: &Rules) -> Self {
        let unset = SystemSlots { id: 0, load_id: 0, parent_id: 0, list_idx: 0, value: 0 };
        let mut table = Self {
            name: name.into(),
            slots: Vec::new(),
            marks: Vec::new(),
            slot_ids: HashMap::new(),
            system: unset,
            seed: table_seed(&rules.load_id, name),
            row_id: rules.row_id(name, is_root),
            propagated: Vec::new(),
            inherited: Vec::new(),
        };
        let mut system = |column: &str| {
            let column = rules.naming.normalize_identifier(column);
            table.slot(&column, rules)
        };
        table.system = SystemSlots {
            id: system("_dlt_id"),
            load_id: system("_dlt_load_id"),
            parent_id: system("_dlt_parent_id"),
            list_idx: system("_dlt_list_idx"),
            value: system("value"),
        };
        for (from, to) in rules.propagated(name, is_root) {
            let from = table.slot(&from, rules);
            table.propagated.push((from, to.into()));
        }
        table
    }

    /// The slot of a column, by name.
    pub(crate) fn slot(&mut self, name: &str, rules: &Rules) -> SlotId {
        if let Some(slot) = self.slot_ids.get(name) {
            return *slot;
        }
        let slot = self.slots.len() as SlotId;
        self.slots.push(SlotShape {
            name: name.into(),
            preferred: rules.preferred_type(name),
            not_null: rules.is_not_null(name),
            excluded: rules.is_excluded(&self.name, name),
            variants: [NONE; VARIANTS],
        });
        self.marks.push(Mark::default());
        self.slot_ids.insert(name.into(), slot);
        slot
    }
}

impl TableShape {
    /// The slot of a column that has one already.
    pub(crate) fn known_slot(&self, name: &str) -> Option<SlotId> {
        self.slot_ids.get(name).copied()
    }
}

impl ObjectShape {
    /// The entry of a key if it is the one that was expected.
    #[inline]
    pub(crate) fn expected(&self, entry: u32, key: &str) -> bool {
        self.entries.get(entry as usize).is_some_and(|known| *known.key == *key)
    }
}

/// Hashes keys in one go.
#[derive(Debug, Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 ^= xxh3_64(bytes);
    }

    fn write_u8(&mut self, byte: u8) {
        // The end mark of texts adds nothing.
        let _ = byte;
    }
}
