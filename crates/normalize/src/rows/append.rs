//! Last phase of a row: its cells are typed and appended to the columns of its table.
//!
//! Almost all values have the type of their column and are appended at once. The others take the long way:
//!
//! ```text
//! append ─▶ append_untyped ┬▶ append_null
//!                          └▶ append_scalar ─▶ define          the column gets its type from the value
//!                                  ▲    └────▶ append_variant  the value goes into a column beside it
//!                                  └────────────────┘
//! ```

use cartage_schema::DataType;
use cartage_values::Scalar;

use crate::cells::{Cell, Raw, RowValues};
use crate::columns::ColumnBuilder;
use crate::error::BadValue;
use crate::long_numbers::is_beyond_double;
use crate::scalars::{coerced, scalar};
use crate::shape::TableId;
use crate::slots::SlotId;
use crate::variant_names::VariantOf;

use super::RowContext;
use super::context::Row;

impl RowContext<'_, '_, '_> {
    /// Appends the cells of the row at hand, and ends the row. False if the contract refuses it.
    pub(super) fn append(&mut self, row: &Row<'_>, values: &RowValues<'_>) -> Result<bool, BadValue> {
        let (table, _) = self.table_of(row.path);
        self.tables.add(self.shapes, table);
        // Put back at the end: an error loses no more than the buffer.
        let cells = std::mem::take(&mut self.unfolded.cells);
        self.append_cells(table, &cells, values)?;
        self.unfolded.cells = cells;

        let block_table = &mut self.tables.tables[table];
        if block_table.parent.is_none() {
            block_table.parent = Some(self.shapes.paths[row.path as usize].parent_table.clone());
        }
        if block_table.guard.is_some() && !self.check_row(row, table)? {
            self.tables.truncate(table);
            return Ok(false);
        }
        if !self.shapes.tables[table].required.is_empty() {
            self.tables.require(self.shapes, table)?;
        }
        self.tables.tables[table].rows += 1;
        Ok(true)
    }

    fn append_cells(
        &mut self,
        table: TableId,
        cells: &[Cell],
        values: &RowValues<'_>,
    ) -> Result<(), BadValue> {
        let mut cells = cells.iter();
        loop {
            let block_table = &mut self.tables.tables[table];
            let row = block_table.rows;
            // Goes on until a value does not fit as it is.
            let other = cells.find(|cell| {
                let column = block_table.columns.get_mut(cell.slot as usize);
                !column.is_some_and(|column| column.append(row, self.tape, values.raw(cell.value)))
            });
            let Some(cell) = other else { return Ok(()) };
            self.append_untyped(table, cell.slot, values.raw(cell.value))?;
        }
    }

    /// Appends a value that is new, null, or of another type than its column.
    fn append_untyped(&mut self, table: TableId, slot: SlotId, raw: Raw<'_>) -> Result<(), BadValue> {
        let Some(scalar) = scalar(self.tape, raw) else {
            if is_beyond_double(self.tape, raw) {
                self.tables.nulled.push((table, slot));
            }
            return self.append_null(table, slot);
        };
        let refused = self.refused_in_row(table);
        self.append_scalar(table, slot, scalar, None)?;
        if self.refused_in_row(table) > refused {
            self.note_refused(table, refused, raw);
        }
        Ok(())
    }

    fn append_null(&mut self, table: TableId, slot: SlotId) -> Result<(), BadValue> {
        let shape = &self.shapes.tables[table];
        // Whether the row may lack the value is known when all of it is typed: see `require`.
        let is_asked_later =
            shape.deletion_mark.is_some() && shape.required.iter().any(|required| required.slot == slot);
        let column = self.tables.column(self.shapes, table, slot);
        let forbidden = match column.data_type {
            _ if is_asked_later => false,
            Some(_) => !column.nullable,
            None => !column.hinted && shape.slots[slot as usize].not_null,
        };
        if forbidden {
            return Err(BadValue::null(self.shapes, table, slot));
        }
        column.null_while_untyped |= column.data_type.is_none();
        Ok(())
    }

    fn append_scalar(
        &mut self,
        table: TableId,
        slot: SlotId,
        scalar: Scalar<'_>,
        variant_of: Option<SlotId>,
    ) -> Result<(), BadValue> {
        let is_variant = variant_of.is_some();
        let known = self.tables.column(self.shapes, table, slot).data_type;
        let from = scalar.data_type();
        let to = known.unwrap_or_else(|| self.type_of_first(table, slot, &scalar, variant_of));
        let has_limits = matches!(to, DataType::Bigint | DataType::Decimal | DataType::Wei);
        let original = (from != to && has_limits).then(|| scalar.clone());
        let value = match coerced(scalar, from, to) {
            Ok(value) => value,
            Err(_) if is_variant => {
                return Err(BadValue::not_coercible(self.shapes, table, slot, from, to));
            }
            Err(scalar) => return self.append_variant(table, slot, scalar),
        };
        if let Scalar::Wei(wei) = &value
            && wei.exceeds_wei()
        {
            let variant = self.shapes.tables[table].variant(slot, VariantOf::LargeWei, self.rules);
            let text = Scalar::Text(wei.to_string().into());
            return self.append_scalar(table, variant, text, Some(slot));
        }
        if known.is_none() && !self.define(table, slot, to, variant_of)? {
            return Ok(());
        }
        if matches!(&value, Scalar::Json(text) if text == "null") {
            return Ok(());
        }
        let row = self.tables.tables[table].rows;
        let column = self.tables.column(self.shapes, table, slot);
        if let Some(reason) = column.limits.refuse(&value) {
            if is_variant || column.limits.is_refused(&value) {
                return Err(BadValue::does_not_fit(self.shapes, table, slot, &reason));
            }
            return self.append_variant(table, slot, original.unwrap_or(value));
        }
        let size = self.shapes.tables[table].slots[slot as usize].size;
        let builder = column.builder.get_or_insert_with(|| ColumnBuilder::new(column.physical, size));
        builder
            .push(row, &value)
            .map_err(|error| BadValue::does_not_fit(self.shapes, table, slot, &error.reason))
    }

    /// The type of a column that has none yet, by its first value and hints.
    fn type_of_first(
        &mut self,
        table: TableId,
        slot: SlotId,
        value: &Scalar<'_>,
        variant_of: Option<SlotId>,
    ) -> DataType {
        let Some(of) = variant_of else {
            let preferred = self.shapes.tables[table].slots[slot as usize].preferred;
            return preferred.unwrap_or_else(|| self.rules.detect(value));
        };
        let is_of_date = self.tables.column(self.shapes, table, of).data_type == Some(DataType::Date);
        match value.data_type() {
            // A timestamp that is not a midnight is a text there, next to other texts that are not dates.
            DataType::Text if is_of_date => DataType::Text,
            _ => self.rules.detect(value),
        }
    }

    /// Appends a value that its column cannot take to the variant of the column for the value's type.
    fn append_variant(&mut self, table: TableId, slot: SlotId, value: Scalar<'_>) -> Result<(), BadValue> {
        let value = self.rules.variant_value(value);
        let of = VariantOf::Type(value.data_type());
        let variant = self.shapes.tables[table].variant(slot, of, self.rules);
        self.append_scalar(table, variant, value, Some(slot))
    }

    /// Gives a column its type, unless the contract refuses it.
    fn define(
        &mut self,
        table: TableId,
        slot: SlotId,
        data_type: DataType,
        variant_of: Option<SlotId>,
    ) -> Result<bool, BadValue> {
        if self.shapes.tables[table].slots[slot as usize].name.is_empty() {
            return Err(BadValue::nameless(self.shapes, table));
        }
        if !self.admits_column(table, slot, data_type, variant_of) {
            return Ok(false);
        }
        self.tables.define(self.shapes, table, slot, data_type, variant_of.is_some());
        Ok(true)
    }
}
