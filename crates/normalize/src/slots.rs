//! The tables that rows go to, as far as names and hints tell: their columns, by number.

use std::collections::HashMap;
use std::sync::Arc;

use cartage_schema::{DataType, RowIdKind, table_seed};

use crate::columns::ColumnSize;
use crate::rules::Rules;
use crate::variant_names::VariantOf;

/// A column of a table, by number.
pub(crate) type SlotId = u32;

/// No slot yet.
const NONE: SlotId = SlotId::MAX;

/// Variants that a column can have: one for each type, and one for wei that are too large.
const VARIANTS: usize = DataType::ALL.len() + 1;

/// A table that rows go to.
#[derive(Debug)]
pub(crate) struct TableShape {
    pub(crate) name: Arc<str>,
    pub(crate) slots: Vec<SlotShape>,
    /// For each slot the row that wrote it last and the cell that it wrote.
    pub(crate) written: Vec<Written>,
    slot_ids: HashMap<Box<str>, SlotId>,
    pub(crate) system: SystemSlots,
    /// Makes ids differ from those of other tables.
    pub(crate) seed: u64,
    pub(crate) row_id: RowIdKind,
    /// Columns whose values go to the tables below, under the names they have there.
    pub(crate) propagated: Vec<(SlotId, Arc<str>)>,
    /// Columns without which a row is a bad one.
    pub(crate) required: Vec<RequiredSlot>,
    /// The column that marks rows as deleted.
    pub(crate) deletion_mark: Option<SlotId>,
    /// Slots of columns inherited from tables above.
    inherited: Vec<(Arc<str>, SlotId)>,
}

/// A column that every row must have a value for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequiredSlot {
    pub(crate) slot: SlotId,
    /// Whether it is a column of the key, which rows that are marked as deleted need too.
    pub(crate) is_key: bool,
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
    /// How large the column was in the last block.
    pub(crate) size: ColumnSize,
    /// Slots of the variants, by what they hold.
    variants: [SlotId; VARIANTS],
}

/// Which row wrote something last, and where to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Written {
    pub(crate) row: u64,
    pub(crate) index: u32,
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

impl TableShape {
    pub(crate) fn new(name: &str, is_root: bool, rules: &Rules) -> Self {
        let unset = SystemSlots { id: 0, load_id: 0, parent_id: 0, list_idx: 0, value: 0 };
        let mut table = Self {
            name: name.into(),
            slots: Vec::new(),
            written: Vec::new(),
            slot_ids: HashMap::new(),
            system: unset,
            seed: table_seed(&rules.load_id, name),
            row_id: rules.row_id(name, is_root),
            propagated: Vec::new(),
            required: Vec::new(),
            deletion_mark: None,
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
        for (column, is_key) in rules.required(name) {
            let slot = table.slot(&column, rules);
            // What filters leave out of every row cannot be missing from one.
            if !table.slots[slot as usize].excluded {
                table.required.push(RequiredSlot { slot, is_key });
            }
        }
        table.deletion_mark = rules.deletion_mark(name, is_root).map(|column| table.slot(&column, rules));
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
            size: ColumnSize::default(),
            variants: [NONE; VARIANTS],
        });
        self.written.push(Written::default());
        self.slot_ids.insert(name.into(), slot);
        slot
    }

    /// The slot of a column that has one already.
    pub(crate) fn known_slot(&self, name: &str) -> Option<SlotId> {
        self.slot_ids.get(name).copied()
    }

    /// The slot of a variant of a column.
    pub(crate) fn variant(&mut self, slot: SlotId, of: VariantOf, rules: &Rules) -> SlotId {
        let index = match of {
            VariantOf::Type(data_type) => data_type as usize,
            VariantOf::LargeWei => VARIANTS - 1,
        };
        let column = &self.slots[slot as usize];
        if column.variants[index] != NONE {
            return column.variants[index];
        }
        let name = rules.variant_name(&self.name, &column.name, of);
        let variant = self.slot(&name, rules);
        self.slots[slot as usize].variants[index] = variant;
        variant
    }

    /// The slot of a column that the table inherits from one above.
    pub(crate) fn inherited_slot(&mut self, name: &Arc<str>, rules: &Rules) -> SlotId {
        if let Some((_, slot)) = self.inherited.iter().find(|(known, _)| Arc::ptr_eq(known, name)) {
            return *slot;
        }
        let slot = self.slot(name, rules);
        self.inherited.push((Arc::clone(name), slot));
        slot
    }
}
