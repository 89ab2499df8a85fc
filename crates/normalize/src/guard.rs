//! The contract of the tables of a block: what new tables, columns and variants do to the rows that bring
//! them. Tables whose contract lets everything in have no guard, and cost nothing.
//!
//! dlt remembers every column that it did not let in, and from then on looks at rows before they are typed: a
//! row that only names such a column breaks the contract again, even with a null. So do we; blocks begin with
//! what all blocks before them have refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use cartage_schema::{ContractEntity, ContractMode, ContractModes, DataType, DiscardReason};
use simd_json::Node;

use crate::broken::Frozen;
use crate::cells::{Cell, Raw, RowValues};
use crate::error::BadValue;
use crate::json_text;
use crate::rules::Rules;
use crate::shape::{PlaceId, Shapes, TableId};
use crate::slots::SlotId;
use crate::tables::BlockTables;

/// Columns that were not let in, with their modes, by table.
pub(crate) type Refused = BTreeMap<Box<str>, BTreeMap<Box<str>, Refusal>>;

/// Why a column is not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) entity: ContractEntity,
    pub(crate) mode: ContractMode,
    /// The column that people know: for variants the one whose values they are.
    pub(crate) column: Arc<str>,
}

/// Whether a column was refused, as far as it was looked up.
#[derive(Clone, Debug, Default)]
enum Known {
    #[default]
    NotYet,
    LetIn,
    Refused(Refusal),
}

/// Guards a table of a block.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent facts")]
pub(crate) struct Guard {
    modes: ContractModes,
    /// Whether columns may be added in this package.
    evolves_once: bool,
    /// Whether no column had a type when the block began.
    began_new: bool,
    /// Whether that made a difference.
    pub(crate) relied_on_new: bool,
    /// Columns that got their type in this block.
    pub(crate) defined: usize,
    /// Whether the row at hand may bring columns.
    is_open: bool,
    /// What was refused before, by slot.
    refused: Vec<Known>,
    has_refused: bool,
    /// What was refused in the row at hand.
    row: Vec<RowRefusal>,
}

/// A value of the row at hand that is not let in.
#[derive(Debug)]
struct RowRefusal {
    refusal: Refusal,
    data_type: DataType,
    value: Option<String>,
}

/// Something that was kept out of a block.
#[derive(Clone, Debug)]
pub(crate) struct Discard {
    /// Position of the item in the block.
    pub(crate) row: u64,
    pub(crate) table: Arc<str>,
    /// `None` for a table that is not let in.
    pub(crate) column: Option<Arc<str>>,
    pub(crate) entity: ContractEntity,
    pub(crate) mode: ContractMode,
    /// Whether it is a value of a row that was kept.
    pub(crate) is_value: bool,
    /// What was discarded, where it is to be kept. Items of files stand in the block.
    pub(crate) text: Option<String>,
}

impl Discard {
    pub(crate) fn reason(&self) -> DiscardReason {
        DiscardReason {
            table: self.table.to_string(),
            column: self.column.as_deref().map(str::to_owned),
            entity: self.entity,
            mode: self.mode,
        }
    }
}

/// A row on its way into a guarded table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GuardedRow<'a, 't> {
    pub(crate) tape: &'a [Node<'t>],
    pub(crate) place: PlaceId,
    /// Where the row stands on the tape.
    pub(crate) at: usize,
    pub(crate) is_item: bool,
}

impl Guard {
    fn refusal(&self, rules: &Rules, name: &Arc<str>, variant_of: Option<&Arc<str>>) -> Option<Refusal> {
        let (entity, mode) = match variant_of {
            Some(_) => (ContractEntity::DataType, self.modes.data_type),
            None if self.is_open => return None,
            None => (ContractEntity::Columns, self.modes.columns),
        };
        if mode == ContractMode::Evolve || rules.naming.is_dlt_name(name) {
            return None;
        }
        Some(Refusal { entity, mode, column: Arc::clone(variant_of.unwrap_or(name)) })
    }
}

impl BlockTables<'_> {
    /// Looks at a row before it is typed: drops the values that are known not to be let in. False if the row
    /// itself is not let in.
    pub(crate) fn screen(
        &mut self,
        shapes: &Shapes,
        row: GuardedRow<'_, '_>,
        cells: &mut Vec<Cell>,
        values: &RowValues<'_>,
    ) -> Result<bool, BadValue> {
        let table = shapes.places[row.place as usize].table;
        self.table(shapes, table);
        if !self.tables[table].is_gated {
            self.gate(shapes, row.place);
        }
        let Some(guard) = &mut self.tables[table].guard else { return Ok(true) };
        guard.row.clear();
        let is_new = guard.began_new && guard.defined == 0;
        if is_new && guard.modes.tables != ContractMode::Evolve {
            let mode = guard.modes.tables;
            return self.refuse_table(shapes, row, mode).map(|()| false);
        }
        guard.is_open = guard.modes.columns == ContractMode::Evolve || guard.evolves_once || is_new;
        guard.relied_on_new |=
            guard.began_new && !guard.evolves_once && guard.modes.columns != ContractMode::Evolve;
        if !guard.has_refused {
            return Ok(true);
        }
        Ok(self.drop_refused(shapes, row, cells, values))
    }

    fn drop_refused(
        &mut self,
        shapes: &Shapes,
        row: GuardedRow<'_, '_>,
        cells: &mut Vec<Cell>,
        values: &RowValues<'_>,
    ) -> bool {
        let table = shapes.places[row.place as usize].table;
        let mut refused: Vec<Option<Refusal>> = Vec::with_capacity(cells.len());
        for cell in cells.iter() {
            // Met even if the row is discarded: had blocks before this one refused the column, it might be
            // the one that the row is discarded for.
            self.column(shapes, table, cell.slot);
            refused.push(self.refused_before(shapes, table, cell.slot));
        }
        if let Some(refusal) =
            refused.iter().flatten().find(|refusal| refusal.mode == ContractMode::DiscardRow)
        {
            self.discard_row(shapes, row, Some(refusal.column.clone()), refusal.entity, refusal.mode);
            return false;
        }
        if refused.iter().all(Option::is_none) {
            return true;
        }
        for (cell, refusal) in cells.iter().zip(&refused) {
            let Some(refusal) = refusal else { continue };
            let raw = values.raw(cell.value);
            if !is_null(row.tape, raw) {
                let text = self.keeps_discarded.then(|| text_of(row.tape, raw));
                self.discard_value(shapes, table, refusal, text);
            }
        }
        let mut refused = refused.into_iter();
        cells.retain(|_| refused.next().flatten().is_none());
        true
    }

    /// Whether a column with a new type is not let in. The value is kept aside, see [`Self::note_refused`].
    pub(crate) fn refuses(
        &mut self,
        shapes: &Shapes,
        table: TableId,
        slot: SlotId,
        data_type: DataType,
        variant_of: Option<SlotId>,
    ) -> bool {
        let slots = &shapes.tables[table].slots;
        let rules = self.rules;
        let Some(guard) = &mut self.tables[table].guard else { return false };
        let variant_of = variant_of.map(|of| &slots[of as usize].name);
        let Some(refusal) = guard.refusal(rules, &slots[slot as usize].name, variant_of) else {
            return false;
        };
        guard.row.push(RowRefusal { refusal: refusal.clone(), data_type, value: None });
        if refusal.mode != ContractMode::Freeze && self.refused_before(shapes, table, slot).is_none() {
            if let Some(guard) = &mut self.tables[table].guard {
                guard.refused[slot as usize] = Known::Refused(refusal.clone());
                guard.has_refused = true;
            }
            self.new_refused.push((table, slot, refusal));
        }
        self.column(shapes, table, slot).refused = true;
        true
    }

    /// Adds the value to what was refused last in the row at hand, if it was refused just now.
    pub(crate) fn note_refused(&mut self, table: TableId, before: usize, tape: &[Node<'_>], raw: Raw<'_>) {
        let keeps = self.keeps_discarded;
        let Some(guard) = &mut self.tables[table].guard else { return };
        if let Some(refused) = guard.row.get_mut(before) {
            let is_wanted = keeps || refused.refusal.mode == ContractMode::Freeze;
            refused.value = is_wanted.then(|| text_of(tape, raw));
        }
    }

    /// How many values of the row at hand were refused.
    pub(crate) fn refused_in_row(&self, table: TableId) -> usize {
        self.tables[table].guard.as_ref().map_or(0, |guard| guard.row.len())
    }

    /// Decides over the row at hand when all its values are typed. False if the row is not let in.
    pub(crate) fn judge(&mut self, shapes: &Shapes, row: GuardedRow<'_, '_>) -> Result<bool, BadValue> {
        let table = shapes.places[row.place as usize].table;
        let Some(guard) = &mut self.tables[table].guard else { return Ok(true) };
        if guard.row.is_empty() {
            return Ok(true);
        }
        let refused = std::mem::take(&mut guard.row);
        let with = |mode| refused.iter().find(|refused| refused.refusal.mode == mode);
        if let Some(frozen) = with(ContractMode::Freeze) {
            return Err(BadValue::Frozen(Box::new(Frozen {
                table: Arc::clone(&shapes.tables[table].name),
                column: Some(Arc::clone(&frozen.refusal.column)),
                entity: frozen.refusal.entity,
                data_type: Some(frozen.data_type),
                known_type: self.type_of(shapes, table, &frozen.refusal.column),
                value: frozen.value.clone(),
            })));
        }
        if let Some(RowRefusal { refusal, .. }) = with(ContractMode::DiscardRow) {
            self.discard_row(shapes, row, Some(refusal.column.clone()), refusal.entity, refusal.mode);
            self.truncate(table);
            return Ok(false);
        }
        for RowRefusal { refusal, value, .. } in refused {
            self.discard_value(shapes, table, &refusal, value);
        }
        Ok(true)
    }

    fn type_of(&self, shapes: &Shapes, table: TableId, column: &str) -> Option<DataType> {
        let slot = shapes.tables[table].known_slot(column)?;
        self.tables[table].columns.get(slot as usize)?.data_type
    }

    fn gate(&mut self, shapes: &Shapes, place: PlaceId) {
        let place = &shapes.places[place as usize];
        let name = &*shapes.tables[place.table].name;
        let contract = |table: &str| self.schema.contract_for(table);
        let above = shapes.table_id(&place.parent_table).and_then(|above| self.tables.get(above));
        let modes = if self.tables[place.table].known.is_some() || place.parent_table.is_empty() {
            contract(name)
        } else if let Some(above) = above.filter(|above| above.known.is_none()) {
            // Both tables come into being: the contract of the one above is here already.
            above.guard.as_ref().map_or(ContractModes::EVOLVE, |guard| guard.modes)
        } else {
            contract(&place.parent_table)
        };
        let refused = self.refused.get(name);
        let table = &mut self.tables[place.table];
        table.is_gated = true;
        if modes.is_evolve() {
            return;
        }
        table.guard = Some(Box::new(Guard {
            modes,
            evolves_once: table.known.is_some_and(cartage_schema::Table::evolves_columns_once),
            began_new: table.known.is_none_or(cartage_schema::Table::is_new),
            relied_on_new: false,
            defined: 0,
            is_open: false,
            refused: Vec::new(),
            has_refused: refused.is_some_and(|refused| !refused.is_empty()),
            row: Vec::new(),
        }));
    }

    /// Why a column was refused earlier in the package, if it was.
    fn refused_before(&mut self, shapes: &Shapes, table: TableId, slot: SlotId) -> Option<Refusal> {
        let shape = &shapes.tables[table];
        let before = self.refused.get(&*shape.name);
        let guard = self.tables[table].guard.as_mut()?;
        if guard.refused.len() <= slot as usize {
            guard.refused.resize(slot as usize + 1, Known::NotYet);
        }
        let known = &mut guard.refused[slot as usize];
        if matches!(known, Known::NotYet) {
            let refusal = before.and_then(|before| before.get(&*shape.slots[slot as usize].name));
            *known = refusal.map_or(Known::LetIn, |refusal| Known::Refused(refusal.clone()));
        }
        match known {
            Known::Refused(refusal) => Some(refusal.clone()),
            Known::LetIn | Known::NotYet => None,
        }
    }

    pub(crate) fn forget_refused(&mut self, table: TableId, slot: SlotId) {
        if let Some(guard) = &mut self.tables[table].guard {
            guard.refused[slot as usize] = Known::NotYet;
        }
    }

    fn refuse_table(
        &mut self,
        shapes: &Shapes,
        row: GuardedRow<'_, '_>,
        mode: ContractMode,
    ) -> Result<(), BadValue> {
        let table = shapes.places[row.place as usize].table;
        if mode == ContractMode::Freeze {
            return Err(BadValue::Frozen(Box::new(Frozen {
                table: Arc::clone(&shapes.tables[table].name),
                column: None,
                entity: ContractEntity::Tables,
                data_type: None,
                known_type: None,
                value: Some(json_text::to_text(row.tape, row.at)),
            })));
        }
        self.discard_row(shapes, row, None, ContractEntity::Tables, mode);
        Ok(())
    }

    fn discard_row(
        &mut self,
        shapes: &Shapes,
        row: GuardedRow<'_, '_>,
        column: Option<Arc<str>>,
        entity: ContractEntity,
        mode: ContractMode,
    ) {
        let table = shapes.places[row.place as usize].table;
        let is_text = self.keeps_discarded && !row.is_item;
        self.discards.push(Discard {
            row: 0,
            table: Arc::clone(&shapes.tables[table].name),
            column,
            entity,
            mode,
            is_value: false,
            text: is_text.then(|| json_text::to_text(row.tape, row.at)),
        });
    }

    fn discard_value(&mut self, shapes: &Shapes, table: TableId, refusal: &Refusal, text: Option<String>) {
        self.discards.push(Discard {
            row: 0,
            table: Arc::clone(&shapes.tables[table].name),
            column: Some(Arc::clone(&refusal.column)),
            entity: refusal.entity,
            mode: refusal.mode,
            is_value: true,
            text,
        });
    }
}

fn is_null(tape: &[Node<'_>], raw: Raw<'_>) -> bool {
    matches!(raw, Raw::Tape(at) if matches!(tape[at], Node::Static(simd_json::StaticNode::Null)))
}

/// A value as JSON.
fn text_of(tape: &[Node<'_>], raw: Raw<'_>) -> String {
    match raw {
        Raw::Tape(at) => json_text::to_text(tape, at),
        Raw::Text(text) => serde_json::Value::from(String::from_utf8_lossy(text)).to_string(),
        Raw::Integer(value) => value.to_string(),
    }
}
