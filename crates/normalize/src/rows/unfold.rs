//! First phase of a row: its objects are unfolded into cells of columns and lists for other tables.
//!
//! The order is dlt's: the fields of an object first, then the objects inside of it, the last one first.
//! A column that two keys of a row lead to has the last value at the place of the first.
//!
//! The tape of `{"id": 7, "user": {"name": "ada", "tags": ["x", "y"]}, "at": null}`, an item of `orders`: each
//! object and list says how many nodes it holds, so that it can be passed over.
//!
//! ```text
//! position  0      1     2  3       4      5       6      7       8      9    10   11    12
//! node      {12}   "id"  7  "user"  {6}    "name"  "ada"  "tags"  [2]    "x"  "y"  "at"  null
//!           └ row                   └ waits                       └ list
//!
//! fields of 0     cells    id = 2, at = 12
//!                 waiting  4, an object under `user`
//! fields of 4     cells    id = 2, at = 12, user__name = 6
//!                 lists    8, rows of orders__user__tags
//! ```
//!
//! A cell holds the position of its value, not the value: that is read when the column is known.

use simd_json::Node;

use crate::cells::CellValue;
use crate::json_text::{behind, fields};
use crate::shape::ObjectId;

use super::RowContext;
use super::context::Row;
use super::unfolded::WaitingObject;

/// A key that repeats inside of one object, which needs more care.
struct RepeatedKey;

/// A field of an object: which key of it, and where its value is.
#[derive(Clone, Copy)]
struct Field {
    object: ObjectId,
    entry: u32,
    value: usize,
    /// How many levels are unpacked from here on.
    levels: i64,
}

impl RowContext<'_, '_, '_> {
    /// Unfolds a row that is an object.
    pub(super) fn unfold(&mut self, row: &Row<'_>) {
        let object = self.shapes.paths[row.path as usize].object;
        let whole = WaitingObject { at: row.at as u32, object, levels: row.levels };
        self.unfolded.begin_row();
        let overwritten = self.unfolded.overwritten.len();
        self.unfolded.waiting.push(whole);
        if self.unfold_waiting().is_err() {
            self.unfolded.begin_row_again(overwritten);
            self.unfolded.waiting.push(whole);
            self.unfold_waiting_with_repeated_keys();
        }
    }

    /// Unfolds one field, as if the row had been an object with this key only: rows that are not objects.
    pub(super) fn unfold_value(&mut self, row: &Row<'_>, key: &str) {
        self.unfolded.begin_row();
        let object = self.shapes.paths[row.path as usize].object;
        let entry = self.shapes.entry(object, key);
        self.field(Field { object, entry, value: row.at, levels: row.levels });
        self.unfold_waiting_with_repeated_keys();
    }

    /// Expects the keys of an object in the order in which they came last time.
    fn unfold_waiting(&mut self) -> Result<(), RepeatedKey> {
        while let Some(WaitingObject { at, object, levels }) = self.unfolded.waiting.pop() {
            let Node::Object { len, .. } = self.tape[at as usize] else { continue };
            self.unfolded.visit += 1;
            let shape = &self.shapes.objects[object as usize];
            let table = self.shapes.paths[shape.path as usize].table;
            let mut key_at = at as usize + 1;
            let mut expected = shape.first;
            let mut previous = None;
            for _ in 0..len {
                let Node::String(key) = self.tape[key_at] else { break };
                let value = key_at + 1;
                let entry = match self.shapes.objects[object as usize].entries.get_mut(expected as usize) {
                    Some(known) if *known.key == *key => expected,
                    _ => self.shapes.entry_after(object, previous, key),
                };
                let known = &mut self.shapes.objects[object as usize].entries[entry as usize];
                if known.visit == self.unfolded.visit {
                    return Err(RepeatedKey);
                }
                known.visit = self.unfolded.visit;
                expected = known.next;
                previous = Some(entry);
                let slot = known.slot;
                key_at = match self.tape[value] {
                    Node::String(_) | Node::Static(_) => {
                        self.unfolded.set(self.shapes, table, slot, CellValue::Tape(value as u32));
                        value + 1
                    }
                    Node::Object { .. } | Node::Array { .. } => {
                        self.container(Field { object, entry, value, levels });
                        behind(self.tape, value)
                    }
                };
            }
        }
        Ok(())
    }

    /// Python knows only the last value of a repeated key, at the place of the first.
    fn unfold_waiting_with_repeated_keys(&mut self) {
        while let Some(WaitingObject { at, object, levels }) = self.unfolded.waiting.pop() {
            for (key, value) in fields(self.tape, at as usize) {
                let entry = self.shapes.entry(object, key);
                self.field(Field { object, entry, value, levels });
            }
        }
    }

    fn field(&mut self, field: Field) {
        if matches!(self.tape[field.value], Node::Object { .. } | Node::Array { .. }) {
            return self.container(field);
        }
        let (table, slot) = self.shapes.column_of(field.object, field.entry);
        self.unfolded.set(self.shapes, table, slot, CellValue::Tape(field.value as u32));
    }

    /// Takes an object or a list: as it is, or to be unfolded.
    fn container(&mut self, Field { object, entry, value, levels }: Field) {
        let (table, slot) = self.shapes.column_of(object, entry);
        if self.tables.is_kept_whole(self.shapes, table, slot, levels) {
            return self.unfolded.set(self.shapes, table, slot, CellValue::Tape(value as u32));
        }
        match self.tape[value] {
            Node::Object { len: 0, .. } => {}
            Node::Object { .. } => {
                let object = self.shapes.child_object(object, entry);
                self.unfolded.waiting.push(WaitingObject { at: value as u32, object, levels: levels - 1 });
            }
            _ => {
                let path = self.shapes.child_path(object, entry);
                self.unfolded.set_list(self.shapes, path, value as u32);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cartage_package_store::PackageSettings;
    use cartage_schema::{NamingKind, Schema, Table};

    use crate::cells::RowOrigin;
    use crate::guard::Refused;
    use crate::rows::UnfoldedRow;
    use crate::rules::Rules;
    use crate::schema_snapshot::SchemaSnapshot;
    use crate::settings::NormalizeSettings;
    use crate::shape::Shapes;
    use crate::tables::BlockTables;

    use super::*;

    /// Names of columns or tables, with positions on the tape.
    type Named = Vec<(String, u32)>;

    /// Unfolds items of `orders` one after the other, and gives the cells and lists of the last.
    fn unfolded(items: &[&str]) -> (Named, Named) {
        let mut schema = Schema::new("shop", NamingKind::SnakeCase).unwrap();
        schema.tables.insert("orders".to_owned(), Table::root("orders", "orders"));
        let snapshot = SchemaSnapshot::of(&schema);
        let settings = (PackageSettings::default(), NormalizeSettings::default());
        let rules = Arc::new(Rules::new("1795152758.208462", schema, &settings.0, &settings.1).unwrap());
        let refused = Refused::default();
        let mut shapes = Shapes::new(Arc::clone(&rules));
        let mut tables = BlockTables::new(&snapshot, &rules, &refused, false);
        let mut unfolded = UnfoldedRow::default();
        let path = shapes.root("orders");
        for item in items {
            let mut bytes = item.as_bytes().to_vec();
            let tape = simd_json::to_tape(&mut bytes).unwrap().0;
            unfolded.lists.clear();
            let mut context = RowContext {
                rules: &rules,
                shapes: &mut shapes,
                tables: &mut tables,
                unfolded: &mut unfolded,
                tape: &tape,
            };
            let origin = RowOrigin::File { file: 0, offset: 0 };
            context.unfold(&Row { path, at: 0, levels: 10, origin, inherited: &[] });
        }
        let table = shapes.paths[path as usize].table;
        let cells = unfolded.cells.iter().map(|cell| {
            let CellValue::Tape(at) = cell.value else { panic!("{cell:?} is not on the tape") };
            (shapes.tables[table].slots[cell.slot as usize].name.to_string(), at)
        });
        let lists = unfolded.lists.iter().map(|(path, at)| {
            let table = shapes.paths[*path as usize].table;
            (shapes.tables[table].name.to_string(), *at)
        });
        (cells.collect(), lists.collect())
    }

    fn named<const N: usize>(expected: [(&str, u32); N]) -> Named {
        expected.map(|(name, at)| (name.to_owned(), at)).to_vec()
    }

    #[test]
    fn objects_become_cells_and_lists_wait_for_their_own_tables() {
        let item = r#"{"id": 7, "user": {"name": "ada", "tags": ["x", "y"]}, "at": null}"#;
        let (cells, lists) = unfolded(&[item]);
        assert_eq!(cells, named([("id", 2), ("at", 12), ("user__name", 6)]));
        assert_eq!(lists, named([("orders__user__tags", 8)]));
    }

    #[test]
    fn a_row_has_nothing_of_the_row_before_it() {
        let (cells, lists) = unfolded(&[r#"{"id": 7, "tags": [1], "name": "ada"}"#, r#"{"name": "bob"}"#]);
        assert_eq!(cells, named([("name", 2)]));
        assert_eq!(lists, named([]));
    }

    #[test]
    fn a_repeated_key_has_its_last_value_at_its_first_place() {
        let (cells, lists) = unfolded(&[r#"{"a": 1, "b": [2], "a": 3, "b": [4, 5]}"#]);
        assert_eq!(cells, named([("a", 7)]));
        assert_eq!(lists, named([("orders__b", 9)]));
    }

    #[test]
    fn of_two_keys_with_one_name_the_last_value_takes_the_place_of_the_first() {
        let (cells, _) = unfolded(&[r#"{"Id": 1, "n": 2, "id": 3}"#]);
        assert_eq!(cells, named([("id", 6), ("n", 4)]));
    }
}
