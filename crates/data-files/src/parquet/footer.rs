//! What a footer says of its file, before the library may believe it.

use super::thrift::{Input, kind};

/// The numbers of fields of `FileMetaData`: the elements of the schema, and what only encrypted files have.
const SCHEMA: i64 = 2;
const ENCRYPTION_ALGORITHM: i64 = 8;

/// The number of the field of `SchemaElement` that says how many of the next elements are inside of it.
const NUM_CHILDREN: i64 = 5;

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
    /// Reads the footer; `None` if it is no whole one.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut input = Input::new(bytes);
        let mut footer = Self { is_encrypted: false, has_schema_tree: true };
        input.fields(|input, id, kind| {
            footer.is_encrypted |= id == ENCRYPTION_ALGORITHM;
            if (id, kind) != (SCHEMA, kind::LIST) {
                return input.skip(kind, 0);
            }
            let (item, count) = input.list_header()?;
            let mut children = Vec::new();
            for _ in 0..count {
                if item == kind::STRUCT {
                    children.push(children_of_element(input)?);
                } else {
                    input.skip_item(item, 0)?;
                }
            }
            footer.has_schema_tree &= is_tree(&children);
            Some(())
        })?;
        Some(footer)
    }
}

/// An element of a schema: how many of the next elements are inside of it.
fn children_of_element(input: &mut Input<'_>) -> Option<i64> {
    let mut children = 0;
    input.fields(|input, id, kind| {
        if (id, kind) == (NUM_CHILDREN, kind::I32) {
            children = input.integer()?;
            Some(())
        } else {
            input.skip(kind, 1)
        }
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
}
