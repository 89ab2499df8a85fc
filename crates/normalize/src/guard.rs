//! The contract of a table of a block: what new tables, columns and variants do to the rows that bring them.
//! Tables whose contract lets everything in have no guard, and cost nothing.
//!
//! A guard only decides. It is asked three times about a row, and [`RowContext`](crate::rows::RowContext) does
//! what its verdicts say:
//!
//! ```text
//! begin_row       before typing   is the table new, and may it be?
//! check_names     before typing   does the row name columns that were refused before?
//! check_column    while typing    may this column get a type?
//! check_row       after typing    what becomes of a row of which columns were refused?
//! ```
//!
//! dlt remembers every column that it refused, and from then on looks at rows before they are typed: a
//! row that only names such a column breaks the contract again, even with a null. So do we; blocks begin with
//! what all blocks before them have refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use cartage_schema::{ContractEntity, ContractMode, ContractModes, DataType, DiscardReason, Table};

use crate::cells::Cell;
use crate::rules::Rules;
use crate::slots::{SlotId, TableShape};

/// Columns that were not let in, by table.
pub(crate) type Refused = BTreeMap<Box<str>, RefusedColumns>;

/// Columns of a table that were not let in.
pub(crate) type RefusedColumns = BTreeMap<Box<str>, Refusal>;

/// Why a table or a column is not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) entity: ContractEntity,
    pub(crate) mode: ContractMode,
    /// The column that people know: for variants the one whose values they are. `None` for a table.
    pub(crate) column: Option<Arc<str>>,
}

/// A value that is not let in.
#[derive(Debug)]
pub(crate) struct RefusedValue {
    pub(crate) slot: SlotId,
    pub(crate) refusal: Refusal,
    /// The type that the column would have, where the value was typed.
    pub(crate) data_type: Option<DataType>,
    /// The value as JSON, where it is to be shown or kept.
    pub(crate) text: Option<String>,
}

/// What becomes of a row.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// The row is let in, without these values.
    AdmitWithout(Vec<RefusedValue>),
    /// The row is left out.
    DiscardRow(Refusal),
    /// Nothing of the package is loaded, because of this value, or of the table if there is none.
    Freeze(Refusal, Option<RefusedValue>),
}

impl Verdict {
    /// Whether the row is let in as it is.
    pub(crate) fn is_admitted(&self) -> bool {
        matches!(self, Self::AdmitWithout(values) if values.is_empty())
    }
}

/// Something that was kept out of a block.
#[derive(Clone, Debug)]
pub(crate) struct Discard {
    /// Position of the item in the block.
    pub(crate) row: u64,
    pub(crate) table: Arc<str>,
    pub(crate) refusal: Refusal,
    /// Whether it is a value of a row that was kept.
    pub(crate) is_value: bool,
    /// What was discarded, where it is to be kept. Items of files stand in the block.
    pub(crate) text: Option<String>,
}

impl Discard {
    pub(crate) fn reason(&self) -> DiscardReason {
        DiscardReason {
            table: self.table.to_string(),
            column: self.refusal.column.as_deref().map(str::to_owned),
            entity: self.refusal.entity,
            mode: self.refusal.mode,
        }
    }
}

/// Whether a column was refused, as far as it was looked up.
#[derive(Clone, Debug, Default)]
enum Lookup {
    #[default]
    NotYet,
    LetIn,
    Refused(Refusal),
}

/// Guards a table of a block.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent facts")]
pub(crate) struct Guard<'s> {
    modes: ContractModes,
    /// Whether columns may be added in this package.
    evolves_once: bool,
    /// Whether no column had a type when the block began.
    began_new: bool,
    /// Whether that made a difference.
    relied_on_new: bool,
    /// Columns that got their type in this block.
    defined: usize,
    /// Whether the row at hand may bring columns.
    is_open: bool,
    /// What blocks before this one have refused.
    before: Option<&'s RefusedColumns>,
    /// What was refused so far, by slot.
    refused: Vec<Lookup>,
    has_refused: bool,
    /// What was refused in the row at hand.
    row: Vec<RefusedValue>,
}

impl<'s> Guard<'s> {
    /// A guard of a table that is `known` to the schema, or new.
    pub(crate) fn new(
        modes: ContractModes,
        known: Option<&Table>,
        before: Option<&'s RefusedColumns>,
    ) -> Self {
        Self {
            modes,
            evolves_once: known.is_some_and(Table::evolves_columns_once),
            began_new: known.is_none_or(Table::is_new),
            relied_on_new: false,
            defined: 0,
            is_open: false,
            before,
            refused: Vec::new(),
            has_refused: before.is_some_and(|before| !before.is_empty()),
            row: Vec::new(),
        }
    }

    pub(crate) fn modes(&self) -> ContractModes {
        self.modes
    }

    /// Whether it made a difference that no column of the table had a type when the block began.
    pub(crate) fn relied_on_new(&self) -> bool {
        self.relied_on_new
    }

    /// Whether columns have been refused, so that [`Self::check_names`] may find some.
    pub(crate) fn has_refused(&self) -> bool {
        self.has_refused
    }

    /// Begins a row: is the table new, and may it be?
    pub(crate) fn begin_row(&mut self) -> Verdict {
        self.row.clear();
        let is_new = self.began_new && self.defined == 0;
        if is_new && self.modes.tables != ContractMode::Evolve {
            let mode = self.modes.tables;
            let refusal = Refusal { entity: ContractEntity::Tables, mode, column: None };
            return match mode {
                ContractMode::Freeze => Verdict::Freeze(refusal, None),
                _ => Verdict::DiscardRow(refusal),
            };
        }
        let evolves = self.modes.columns == ContractMode::Evolve || self.evolves_once;
        self.is_open = evolves || is_new;
        self.relied_on_new |= self.began_new && !evolves;
        Verdict::AdmitWithout(Vec::new())
    }

    /// Looks for cells of columns that were refused before, nulls among them. Their values come in the order of
    /// the cells.
    pub(crate) fn check_names(&mut self, shape: &TableShape, cells: &[Cell]) -> Verdict {
        let mut values = Vec::new();
        for &Cell { slot, .. } in cells {
            let Some(refusal) = self.refused_before(shape, slot) else { continue };
            if refusal.mode == ContractMode::DiscardRow {
                return Verdict::DiscardRow(refusal.clone());
            }
            let refusal = refusal.clone();
            values.push(RefusedValue { slot, refusal, data_type: None, text: None });
        }
        Verdict::AdmitWithout(values)
    }

    /// Decides whether a column may get its type. If it may not, the value counts as refused in the row at hand,
    /// whose text [`Self::refused_value`] takes; if it may, it counts as defined.
    pub(crate) fn check_column(
        &mut self,
        rules: &Rules,
        shape: &TableShape,
        slot: SlotId,
        data_type: DataType,
        variant_of: Option<SlotId>,
    ) -> Option<Refusal> {
        let name = &shape.slots[slot as usize].name;
        let of = variant_of.map(|of| &shape.slots[of as usize].name);
        let (entity, mode) = match of {
            Some(_) => (ContractEntity::DataType, self.modes.data_type),
            None if self.is_open => (ContractEntity::Columns, ContractMode::Evolve),
            None => (ContractEntity::Columns, self.modes.columns),
        };
        if mode == ContractMode::Evolve || rules.naming.is_dlt_name(name) {
            self.defined += 1;
            return None;
        }
        let refusal = Refusal { entity, mode, column: Some(Arc::clone(of.unwrap_or(name))) };
        self.row.push(RefusedValue {
            slot,
            refusal: refusal.clone(),
            data_type: Some(data_type),
            text: None,
        });
        Some(refusal)
    }

    /// Remembers that a column was refused. False if that was known, or the package ends with it anyway.
    pub(crate) fn remember(&mut self, shape: &TableShape, slot: SlotId, refusal: &Refusal) -> bool {
        if refusal.mode == ContractMode::Freeze || self.refused_before(shape, slot).is_some() {
            return false;
        }
        self.refused[slot as usize] = Lookup::Refused(refusal.clone());
        self.has_refused = true;
        true
    }

    /// How many values of the row at hand were refused.
    pub(crate) fn refused_in_row(&self) -> usize {
        self.row.len()
    }

    /// The value of the row at hand that was refused as number `nth`.
    pub(crate) fn refused_value(&mut self, nth: usize) -> Option<&mut RefusedValue> {
        self.row.get_mut(nth)
    }

    /// Decides on the row at hand when all its values are typed.
    pub(crate) fn check_row(&mut self) -> Verdict {
        let mut values = std::mem::take(&mut self.row);
        let first = |mode| values.iter().position(|value| value.refusal.mode == mode);
        if let Some(frozen) = first(ContractMode::Freeze) {
            let frozen = values.swap_remove(frozen);
            return Verdict::Freeze(frozen.refusal.clone(), Some(frozen));
        }
        match first(ContractMode::DiscardRow) {
            Some(discarded) => Verdict::DiscardRow(values.swap_remove(discarded).refusal),
            None => Verdict::AdmitWithout(values),
        }
    }

    /// Why a column was refused earlier in the package, if it was.
    fn refused_before(&mut self, shape: &TableShape, slot: SlotId) -> Option<&Refusal> {
        let slot = slot as usize;
        if self.refused.len() <= slot {
            self.refused.resize(slot + 1, Lookup::NotYet);
        }
        let known = &mut self.refused[slot];
        if matches!(known, Lookup::NotYet) {
            let refusal = self.before.and_then(|before| before.get(&*shape.slots[slot].name));
            *known = refusal.map_or(Lookup::LetIn, |refusal| Lookup::Refused(refusal.clone()));
        }
        match known {
            Lookup::Refused(refusal) => Some(refusal),
            Lookup::LetIn | Lookup::NotYet => None,
        }
    }

    /// Takes back that a column got its type.
    pub(crate) fn forget_defined(&mut self) {
        self.defined -= 1;
    }

    /// Takes back that a column was refused.
    pub(crate) fn forget_refused(&mut self, slot: SlotId) {
        self.refused[slot as usize] = Lookup::NotYet;
    }
}
