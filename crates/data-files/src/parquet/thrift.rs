//! As much of Thrift's compact protocol as it takes to look at a page header without trusting it; `footer.rs` looks at
//! footers.
//!
//! The Parquet library keeps its own reader to itself, and believes the sizes that a header states.

/// Structs and lists inside one another; real footers have fewer than ten.
const MAX_DEPTH: usize = 64;

/// The type of a field, as the protocol numbers them.
pub(super) mod kind {
    pub(in crate::parquet) const STOP: u8 = 0;
    pub(in crate::parquet) const TRUE: u8 = 1;
    pub(in crate::parquet) const FALSE: u8 = 2;
    pub(in crate::parquet) const BYTE: u8 = 3;
    pub(in crate::parquet) const I16: u8 = 4;
    pub(in crate::parquet) const I32: u8 = 5;
    pub(in crate::parquet) const I64: u8 = 6;
    pub(in crate::parquet) const DOUBLE: u8 = 7;
    pub(in crate::parquet) const BINARY: u8 = 8;
    pub(in crate::parquet) const LIST: u8 = 9;
    pub(in crate::parquet) const SET: u8 = 10;
    pub(in crate::parquet) const MAP: u8 = 11;
    pub(in crate::parquet) const STRUCT: u8 = 12;
    pub(in crate::parquet) const UUID: u8 = 13;
}

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
    pub(super) fn integer(&mut self) -> Option<i64> {
        let raw = self.varint()?;
        Some((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }

    /// Hands over each field of a struct, whose value must be read or skipped.
    pub(super) fn fields(&mut self, mut visit: impl FnMut(&mut Self, i64, u8) -> Option<()>) -> Option<()> {
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
    pub(super) fn list_header(&mut self) -> Option<(u8, u64)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.varint()?,
            short => u64::from(short),
        };
        Some((head & 0x0f, count))
    }

    pub(super) fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
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

    /// Inside collections a boolean takes a byte; so each item takes one, and no count outruns the bytes.
    pub(super) fn skip_item(&mut self, kind: u8, depth: usize) -> Option<()> {
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
}
