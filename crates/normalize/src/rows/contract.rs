//! What the verdicts of a table's guard mean for the row at hand: values are dropped, rows left out, the package
//! ended, and everything that is left out is noted.

use std::sync::Arc;

use cartage_schema::{ContractMode, ContractModes, DataType};
use simd_json::{Node, StaticNode};

use crate::broken::FrozenChange;
use crate::cells::{Raw, RowOrigin, RowValues};
use crate::error::BadValue;
use crate::guard::{Discard, Guard, Refusal, RefusedValue, Verdict};
use crate::json_text::to_text;
use crate::shape::{PathId, TableId};
use crate::slots::SlotId;

use super::RowContext;
use super::context::Row;

impl RowContext<'_, '_, '_> {
    /// Third phase of a row, before it is typed: drops the values that are known not to be let in. False if the
    /// row itself is not let in.
    pub(super) fn check_names(&mut self, row: &Row<'_>, values: &RowValues<'_>) -> Result<bool, BadValue> {
        let (table, _) = self.table_of(row.path);
        self.tables.add(self.shapes, table);
        if !self.tables.tables[table].is_guard_decided {
            self.add_guard(row.path);
        }
        let Some(guard) = &mut self.tables.tables[table].guard else { return Ok(true) };
        let verdict = guard.begin_row();
        if !verdict.is_admitted() || !guard.has_refused() {
            return self.apply(row, table, verdict);
        }
        for cell in &self.unfolded.cells {
            // Seen even if the row is discarded: had blocks before this one refused the column, it might be
            // the one that the row is discarded for.
            self.tables.column(self.shapes, table, cell.slot);
        }
        let Some(guard) = &mut self.tables.tables[table].guard else { return Ok(true) };
        let mut verdict = guard.check_names(&self.shapes.tables[table], &self.unfolded.cells);
        if let Verdict::AdmitWithout(refused) = &mut verdict {
            self.drop_refused(refused, values);
        }
        self.apply(row, table, verdict)
    }

    /// Takes the cells of refused values, and of these values those that are not nulls.
    fn drop_refused(&mut self, refused: &mut Vec<RefusedValue>, values: &RowValues<'_>) {
        let keeps = self.tables.keeps_discarded;
        let mut all = std::mem::take(refused).into_iter().peekable();
        self.unfolded.cells.retain(|cell| {
            let Some(mut value) = all.next_if(|value| value.slot == cell.slot) else { return true };
            let raw = values.raw(cell.value);
            if !is_null(self.tape, raw) {
                value.text = keeps.then(|| text_of(self.tape, raw));
                refused.push(value);
            }
            false
        });
    }

    /// Decides whether a column may get its type. If it may not, its value is refused, see [`Self::note_refused`].
    pub(super) fn admits_column(
        &mut self,
        table: TableId,
        slot: SlotId,
        data_type: DataType,
        variant_of: Option<SlotId>,
    ) -> bool {
        let Some(guard) = &mut self.tables.tables[table].guard else { return true };
        let shape = &self.shapes.tables[table];
        let Some(refusal) = guard.check_column(self.rules, shape, slot, data_type, variant_of) else {
            return true;
        };
        let is_new = guard.remember(shape, slot, &refusal);
        self.tables.refuse_column(self.shapes, table, slot, is_new.then_some(refusal));
        false
    }

    /// How many values of the row at hand were refused.
    pub(super) fn refused_in_row(&self, table: TableId) -> usize {
        self.tables.tables[table].guard.as_ref().map_or(0, |guard| guard.refused_in_row())
    }

    /// Adds its text to the value of the row at hand that was refused as number `nth`, if there is one.
    pub(super) fn note_refused(&mut self, table: TableId, nth: usize, raw: Raw<'_>) {
        let keeps = self.tables.keeps_discarded;
        let Some(guard) = &mut self.tables.tables[table].guard else { return };
        if let Some(value) = guard.refused_value(nth) {
            let is_wanted = keeps || value.refusal.mode == ContractMode::Freeze;
            value.text = is_wanted.then(|| text_of(self.tape, raw));
        }
    }

    /// Decides on the row at hand when all its values are typed. False if the row is not let in.
    pub(super) fn check_row(&mut self, row: &Row<'_>, table: TableId) -> Result<bool, BadValue> {
        let Some(guard) = &mut self.tables.tables[table].guard else { return Ok(true) };
        if guard.refused_in_row() == 0 {
            return Ok(true);
        }
        let verdict = guard.check_row();
        self.apply(row, table, verdict)
    }

    /// Does what a verdict says. False if the row is not let in.
    fn apply(&mut self, row: &Row<'_>, table: TableId, verdict: Verdict) -> Result<bool, BadValue> {
        match verdict {
            Verdict::AdmitWithout(values) => {
                for RefusedValue { refusal, text, .. } in values {
                    self.discard(table, refusal, true, text);
                }
                Ok(true)
            }
            Verdict::DiscardRow(refusal) => {
                // The text of an item is taken from the block.
                let is_item = matches!(row.origin, RowOrigin::File { .. });
                let is_wanted = self.tables.keeps_discarded && !is_item;
                let text = is_wanted.then(|| to_text(self.tape, row.at));
                self.discard(table, refusal, false, text);
                Ok(false)
            }
            Verdict::Freeze(refusal, value) => Err(self.frozen(row, table, refusal, value)),
        }
    }

    fn discard(&mut self, table: TableId, refusal: Refusal, is_value: bool, text: Option<String>) {
        let table = Arc::clone(&self.shapes.tables[table].name);
        self.tables.discards.push(Discard { row: 0, table, refusal, is_value, text });
    }

    fn frozen(
        &self,
        row: &Row<'_>,
        table: TableId,
        refusal: Refusal,
        value: Option<RefusedValue>,
    ) -> BadValue {
        let known_type = refusal.column.as_ref().and_then(|column| {
            let slot = self.shapes.tables[table].known_slot(column)?;
            self.tables.tables[table].columns.get(slot as usize)?.data_type
        });
        let (data_type, value) = match value {
            Some(value) => (value.data_type, value.text),
            None => (None, Some(to_text(self.tape, row.at))),
        };
        BadValue::Frozen(Box::new(FrozenChange {
            table: Arc::clone(&self.shapes.tables[table].name),
            column: refusal.column,
            entity: refusal.entity,
            data_type,
            known_type,
            value,
        }))
    }

    /// Gives a table its guard, if its contract restricts anything.
    fn add_guard(&mut self, path: PathId) {
        let path = &self.shapes.paths[path as usize];
        let tables = &mut *self.tables;
        let name = &*self.shapes.tables[path.table].name;
        let contract = |table: &str| tables.schema.contract_for(table);
        let parent = self.shapes.table_id(&path.parent_table).and_then(|parent| tables.tables.get(parent));
        let modes = if tables.tables[path.table].known.is_some() || path.parent_table.is_empty() {
            contract(name)
        } else if let Some(parent) = parent.filter(|parent| parent.known.is_none()) {
            // Both tables come into being: the contract of the one above is here already.
            parent.guard.as_ref().map_or(ContractModes::EVOLVE, |guard| guard.modes())
        } else {
            contract(&path.parent_table)
        };
        let before = tables.refused.get(name);
        let table = &mut tables.tables[path.table];
        table.is_guard_decided = true;
        if !modes.is_evolve() {
            table.guard = Some(Box::new(Guard::new(modes, table.known, before)));
        }
    }
}

fn is_null(tape: &[Node<'_>], raw: Raw<'_>) -> bool {
    matches!(raw, Raw::Tape(at) if matches!(tape[at], Node::Static(StaticNode::Null)))
}

/// A value as JSON.
fn text_of(tape: &[Node<'_>], raw: Raw<'_>) -> String {
    match raw {
        Raw::Tape(at) => to_text(tape, at),
        Raw::Text(text) => serde_json::Value::from(String::from_utf8_lossy(text)).to_string(),
        Raw::Integer(value) => value.to_string(),
    }
}
