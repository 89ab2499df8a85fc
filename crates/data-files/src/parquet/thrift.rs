//! As much of Thrift's compact protocol as it takes to look at a footer or a page header without trusting it.
//!
//! The Parquet library keeps its own reader to itself, and believes the sizes that a header states.

/// Structs and lists inside one another; real footers have fewer than ten.
const MAX_DEPTH: usize = 64;

/// The type of a field, as the protocol numbers them.
mod kind {
    pub(super) const STOP: u8 = 0;
    pub(super) const TRUE: u8 = 1;
    pub(super) const FALSE: u8 = 2;
    pub(super) const BYTE: u8 = 3;
    pub(super) const I16: u8 = 4;
    pub(super) const I32: u8 = 5;
    pub(super) const I64: u8 = 6;
    pub(super) const DOUBLE: u8 = 7;
    pub(super) const BINARY: u8 = 8;
    pub(super) const LIST: u8 = 9;
    pub(super) const SET: u8 = 10;
    pub(super) const MAP: u8 = 11;
    pub(super) const STRUCT: u8 = 12;
    pub(super) const UUID: u8 = 13;
}

/// The numbers of fields of `FileMetaData`: the elements of the schema, and what only encrypted files have.
const SCHEMA: i64 = 2;
const ENCRYPTION_ALGORITHM: i64 = 8;

/// The number of the field of `SchemaElement` that says how many of the next elements are inside of it.
const NUM_CHILDREN: i64 = 5;

/// Columns inside one another; a list takes two. Real schemas have fewer than twenty, and readers call themselves for
/// each.
const MAX_SCHEMA_DEPTH: usize = 128;

/// What a page header says of its page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PageHeader {
    /// Bytes of the header itself.
    pub(super) length: usize,
    /// 0 data, 1 index, 2 dictionary, 3 data of version 2.
    pub(super) page_type: i64,
    /// Bytes after decompression.
    pub(super) uncompressed: i64,
    /// Bytes behind the header.
    pub(super) compressed: i64,
    /// Values, nulls included.
    pub(super) values: i64,
    /// How the values of a data page are encoded, as the format numbers it.
    pub(super) encoding: i64,
}

impl PageHeader {
    /// Reads the header at the beginning of `bytes`; `None` if there is no whole one.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut input = Input::new(bytes);
        let mut header = Self::default();
        let mut seen = [false; 3];
        input.fields(|input, id, kind| {
            match (id, kind) {
                (1, kind::I32) => (header.page_type, seen[0]) = (input.integer()?, true),
                (2, kind::I32) => (header.uncompressed, seen[1]) = (input.integer()?, true),
                (3, kind::I32) => (header.compressed, seen[2]) = (input.integer()?, true),
                // The headers of the kinds of pages all begin with the number of values.
                (page @ (5 | 7 | 8), kind::STRUCT) => input.fields(|input, id, kind| {
                    match (page, id, kind) {
                        (_, 1, kind::I32) => header.values = input.integer()?,
                        (5, 2, kind::I32) | (8, 4, kind::I32) => header.encoding = input.integer()?,
                        _ => input.skip(kind, 0)?,
                    }
                    Some(())
                })?,
                _ => input.skip(kind, 0)?,
            }
            Some(())
        })?;
        header.length = input.at;
        seen.iter().all(|seen| *seen).then_some(header)
    }
}

/// What a footer says of its file, before anything is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Footer {
    /// Whether columns are encrypted.
    pub(super) is_encrypted: bool,
    /// Whether the elements of the schema are one tree that is not too deep. The library reserves memory for as many
    /// children as an element says it has.
    pub(super) has_schema_tree: bool,
}

impl Footer {
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
                    children.push(input.schema_element()?);
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

/// Bytes that are read from the front.
pub(super) struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Input<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes were read.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// The next bytes, if there are so many.
    pub(super) fn take(&mut self, count: u64) -> Option<&'a [u8]> {
        let from = self.at;
        self.jump(count)?;
        Some(&self.bytes[from..self.at])
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn jump(&mut self, count: u64) -> Option<()> {
        let left = self.bytes.len() - self.at;
        let count = usize::try_from(count).ok().filter(|count| *count <= left)?;
        self.at += count;
        Some(())
    }

    pub(super) fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// A number of any width, which zigzag has made small.
    fn integer(&mut self) -> Option<i64> {
        let raw = self.varint()?;
        Some((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }

    /// Hands over each field of a struct, whose value must be read or skipped.
    fn fields(&mut self, mut visit: impl FnMut(&mut Self, i64, u8) -> Option<()>) -> Option<()> {
        let mut id = 0;
        loop {
            let head = self.byte()?;
            if head == kind::STOP {
                return Some(());
            }
            id = match head >> 4 {
                0 => self.integer()?,
                delta => id.checked_add(i64::from(delta))?,
            };
            visit(self, id, head & 0x0f)?;
        }
    }

    /// The type of the items of a list, and how many there are.
    fn list_header(&mut self) -> Option<(u8, u64)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.varint()?,
            short => u64::from(short),
        };
        Some((head & 0x0f, count))
    }

    /// An element of a schema: how many of the next elements are inside of it.
    fn schema_element(&mut self) -> Option<i64> {
        let mut children = 0;
        self.fields(|input, id, kind| {
            if (id, kind) == (NUM_CHILDREN, kind::I32) {
                children = input.integer()?;
                Some(())
            } else {
                input.skip(kind, 1)
            }
        })?;
        Some(children)
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        match kind {
            kind::TRUE | kind::FALSE => Some(()),
            kind::BYTE => self.jump(1),
            kind::I16 | kind::I32 | kind::I64 => self.varint().map(drop),
            kind::DOUBLE => self.jump(8),
            kind::UUID => self.jump(16),
            kind::BINARY => self.varint().and_then(|length| self.jump(length)),
            kind::STRUCT => self.fields(|input, _, kind| input.skip(kind, depth + 1)),
            kind::LIST | kind::SET => {
                let (item, count) = self.list_header()?;
                (0..count).try_for_each(|_| self.skip_item(item, depth))
            }
            kind::MAP => {
                let count = self.varint()?;
                if count == 0 {
                    return Some(());
                }
                let kinds = self.byte()?;
                (0..count).try_for_each(|_| {
                    self.skip_item(kinds >> 4, depth)?;
                    self.skip_item(kinds & 0x0f, depth)
                })
            }
            _ => None,
        }
    }

    /// Inside collections a truth value takes a byte; so each item takes one, and no count outruns the bytes.
    fn skip_item(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            kind::TRUE | kind::FALSE => self.jump(1),
            kind => self.skip(kind, depth + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_header_is_read_over_fields_that_are_not_needed() {
        // Type 0, 20 bytes, 10 packed, a checksum, and a data page header of 7 values with other fields.
        let bytes = [0x15, 0, 0x15, 40, 0x15, 20, 0x15, 6, 0x1c, 0x15, 14, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0];
        let header = PageHeader::read(&bytes).unwrap();
        let expected =
            PageHeader { length: 19, page_type: 0, uncompressed: 20, compressed: 10, values: 7, encoding: 0 };
        assert_eq!(header, expected);
        for end in 0..bytes.len() {
            assert_eq!(PageHeader::read(&bytes[..end]), None, "cut at {end}");
        }
    }

    #[test]
    fn a_field_behind_the_largest_number_is_no_field() {
        // A number of ten bytes, and a field that is one further.
        let largest = [0x05, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0, 0x15, 0, 0];
        assert_eq!(Footer::read(&largest), None);
    }

    #[test]
    fn counts_that_outrun_the_bytes_and_deep_nesting_are_no_footer() {
        // A list of 2^32 structs, and structs inside one another without end.
        assert_eq!(Footer::read(&[0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x0f, 0]), None);
        assert_eq!(Footer::read(&[0x1c; 1000]), None);
        let is_encrypted = |bytes| Footer::read(bytes).unwrap().is_encrypted;
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
        assert!(!Footer::read(&lying).unwrap().has_schema_tree);
    }
}
