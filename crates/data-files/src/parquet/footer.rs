//! What a footer says of its file, before the library may believe it.

use super::thrift::{FieldType, Fields, Input, Visit, kind};

const I32: FieldType = FieldType::Of(kind::I32);
const TEXT: FieldType = FieldType::Of(kind::BINARY);
const LIST: FieldType = FieldType::Of(kind::LIST);
const BYTE: FieldType = FieldType::Of(kind::BYTE);
const EMPTY: FieldType = FieldType::Struct(&[]);

/// Fields of Parquet's `FileMetaData`.
const FILE: &Fields = &[
    (1, I32),
    (SCHEMA, LIST),
    (3, FieldType::Of(kind::I64)),
    (4, LIST),
    (5, LIST),
    (6, TEXT),
    (7, LIST),
    (ENCRYPTION_ALGORITHM, FieldType::Of(kind::STRUCT)),
    (9, TEXT),
];

/// The elements of the schema, and what only encrypted files have.
const SCHEMA: i64 = 2;
const ENCRYPTION_ALGORITHM: i64 = 8;

/// Fields of Parquet's `SchemaElement`.
const ELEMENT: &Fields = &[
    (1, I32),
    (2, I32),
    (3, I32),
    (4, TEXT),
    (NUM_CHILDREN, I32),
    (6, I32),
    (7, I32),
    (8, I32),
    (9, I32),
    (10, FieldType::Struct(LOGICAL_TYPE)),
];

/// How many of the next elements are inside of an element.
const NUM_CHILDREN: i64 = 5;

/// `LogicalType`; those without a parameter are empty structs.
const LOGICAL_TYPE: &Fields = &[
    (1, EMPTY),
    (2, EMPTY),
    (3, EMPTY),
    (4, EMPTY),
    // Decimal: scale and precision.
    (5, FieldType::Struct(&[(1, I32), (2, I32)])),
    (6, EMPTY),
    (7, FieldType::Struct(TIME)),
    (8, FieldType::Struct(TIME)),
    // Integer: bits, and whether it has a sign.
    (10, FieldType::Struct(&[(1, BYTE), (2, FieldType::Boolean)])),
    (11, EMPTY),
    (12, EMPTY),
    (13, EMPTY),
    (14, EMPTY),
    (15, EMPTY),
    // Variant: its version; geometry and geography: the reference system and how edges are.
    (16, FieldType::Struct(&[(1, BYTE)])),
    (17, FieldType::Struct(&[(1, TEXT)])),
    (18, FieldType::Struct(&[(1, TEXT), (2, I32)])),
    (19, EMPTY),
];

/// `TimeType` and `TimestampType`: whether in UTC, and the unit.
const TIME: &Fields =
    &[(1, FieldType::Boolean), (2, FieldType::Struct(&[(1, EMPTY), (2, EMPTY), (3, EMPTY)]))];

/// Columns inside one another; a list takes two. Real schemas have fewer than twenty, and readers call themselves for
/// each.
const MAX_SCHEMA_DEPTH: usize = 128;

/// What a footer says of its file, before anything is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RawFooter {
    /// Whether columns are encrypted.
    pub(super) is_encrypted: bool,
    /// Whether the elements of the schema are one tree that is not too deep. The library reserves memory for as many
    /// children as an element says it has.
    pub(super) has_schema_tree: bool,
}

impl RawFooter {
    /// Reads the footer; `None` if it is not a complete one.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut input = Input::new(bytes);
        let mut footer = Self { is_encrypted: false, has_schema_tree: true };
        let mut last = 0;
        input.known_fields(FILE, &mut |input, id| {
            footer.is_encrypted |= id == ENCRYPTION_ALGORITHM;
            // Only the schema and what is before it is read as the library reads it.
            if id == SCHEMA && last > SCHEMA {
                return None;
            }
            last = id;
            if id != SCHEMA {
                return Some(Visit::Skip);
            }
            let (item, count) = input.list_header()?;
            if count > 0 && item != kind::STRUCT {
                return None;
            }
            let children = (0..count).map(|_| children_of_element(input)).collect::<Option<Vec<_>>>()?;
            footer.has_schema_tree &= is_tree(&children);
            Some(Visit::Read)
        })?;
        Some(footer)
    }
}

/// An element of a schema: how many of the next elements are inside of it.
fn children_of_element(input: &mut Input<'_>) -> Option<i64> {
    let mut children = 0;
    input.known_fields(ELEMENT, &mut |input, id| {
        if id == NUM_CHILDREN {
            children = input.integer()?;
            return Some(Visit::Read);
        }
        Some(Visit::Skip)
    })?;
    Some(children)
}

/// Whether elements, each before its children, whose numbers these are, make up one tree.
fn is_tree(children: &[i64]) -> bool {
    // How many elements are still awaited at each level.
    let mut awaited = vec![1];
    for &count in children {
        while awaited.last() == Some(&0) {
            awaited.pop();
        }
        let Some(level) = awaited.last_mut() else { return false };
        *level -= 1;
        if !(0..=children.len() as i64).contains(&count) || awaited.len() > MAX_SCHEMA_DEPTH {
            return false;
        }
        awaited.push(count);
    }
    awaited.iter().all(|count| *count == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_behind_the_largest_number_is_no_field() {
        // A number of ten bytes, and a field that is one further.
        let largest = [0x05, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0, 0x15, 0, 0];
        assert_eq!(RawFooter::read(&largest), None);
    }

    #[test]
    fn counts_that_outrun_the_bytes_and_deep_nesting_are_no_footer() {
        // A list of 2^32 structs, and structs inside one another without end.
        assert_eq!(RawFooter::read(&[0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x0f, 0]), None);
        assert_eq!(RawFooter::read(&[0x1c; 1000]), None);
        let is_encrypted = |bytes| RawFooter::read(bytes).unwrap().is_encrypted;
        assert!(!is_encrypted(&[0x15, 2, 0]));
        assert!(is_encrypted(&[0x15, 2, 0x7c, 0, 0]));
    }

    #[test]
    fn elements_that_count_others_than_there_are_are_no_schema() {
        for (children, is_one) in [
            (&[0][..], true),
            (&[2, 0, 0], true),
            (&[2, 1, 1, 0, 0], true),
            (&[], false),
            (&[0, 0], false),
            (&[2, 0], false),
            (&[1, 0, 0], false),
            (&[1, -1], false),
            (&[1, i64::from(i32::MAX)], false),
            (&[1; 1000], false),
        ] {
            assert_eq!(is_tree(children), is_one, "{children:?}");
        }
        let deep = |levels| [vec![1; levels], vec![0]].concat();
        assert!(is_tree(&deep(MAX_SCHEMA_DEPTH - 1)));
        assert!(!is_tree(&deep(100_000)));
        // Version 1, and two elements of which the first has three children.
        let lying = [0x15, 2, 0x19, 0x2c, 0x55, 6, 0, 0x55, 0, 0, 0];
        assert!(!RawFooter::read(&lying).unwrap().has_schema_tree);
    }

    #[test]
    fn fields_that_hold_something_else_than_they_should_are_no_footer() {
        // Version 1, and one element whose logical type is time in UTC of milliseconds.
        let footer = [0x15, 2, 0x19, 0x1c, 0xac, 0x7c, 0x11, 0x1c, 0x1c, 0, 0, 0, 0, 0, 0];
        assert!(RawFooter::read(&footer).unwrap().has_schema_tree);
        // The version as text, elements in a set, texts as elements, the logical type as a UUID, the unit as a number.
        for (at, byte) in [(0, 0x18), (2, 0x1a), (3, 0x18), (4, 0xad), (7, 0x15)] {
            let mut other = footer;
            other[at] = byte;
            assert_eq!(RawFooter::read(&other), None, "byte {at}");
        }
        // The schema behind the list of row groups, and a field whose number only wraps around to that of the schema.
        assert_eq!(RawFooter::read(&[0x49, 0x0c, 0x09, 4, 0x0c, 0]), None);
        assert_eq!(RawFooter::read(&[0x09, 0x84, 0x80, 0x08, 0x0c, 0]), None);
    }
}
