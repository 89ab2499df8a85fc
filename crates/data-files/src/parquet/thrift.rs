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

/// What a format says that a field of a struct holds.
pub(super) enum FieldType {
    /// A value of one of the kinds above.
    Of(u8),
    /// A boolean, whose value is its kind.
    Boolean,
    /// A nested struct with these fields.
    Struct(&'static Fields),
}

/// The fields of a struct that its readers know, by number.
pub(super) type Fields = [(i64, FieldType)];

impl FieldType {
    fn includes(&self, kind: u8) -> bool {
        match self {
            Self::Of(own) => *own == kind,
            Self::Boolean => matches!(kind, kind::TRUE | kind::FALSE),
            Self::Struct(_) => kind == kind::STRUCT,
        }
    }
}

const STATISTICS: FieldType = FieldType::Of(kind::STRUCT);
const I32: FieldType = FieldType::Of(kind::I32);

/// `DataPageHeader`, `DictionaryPageHeader` and `DataPageHeaderV2`.
const DATA_PAGE: &Fields = &[(1, I32), (2, I32), (3, I32), (4, I32), (5, STATISTICS)];
const DICTIONARY_PAGE: &Fields = &[(1, I32), (2, I32), (3, FieldType::Boolean)];
const DATA_PAGE_V2: &Fields =
    &[(1, I32), (2, I32), (3, I32), (4, I32), (5, I32), (6, I32), (7, FieldType::Boolean), (8, STATISTICS)];

const PAGE_HEADER: &Fields = &[
    (1, I32),
    (2, I32),
    (3, I32),
    (4, I32),
    (5, FieldType::Struct(DATA_PAGE)),
    (6, FieldType::Struct(&[])),
    (7, FieldType::Struct(DICTIONARY_PAGE)),
    (8, FieldType::Struct(DATA_PAGE_V2)),
];

/// What a page header says of its page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PageHeader {
    /// Bytes of the header itself.
    pub(super) length: usize,
    /// 0 data, 1 index, 2 dictionary, 3 data of version 2.
    pub(super) page_type: i64,
    /// Bytes after decompression.
    pub(super) uncompressed: i64,
    /// Bytes after the header.
    pub(super) compressed: i64,
    /// Values, nulls included.
    pub(super) values: i64,
    /// How the values of a data page are encoded, as the format numbers it.
    pub(super) encoding: i64,
}

impl PageHeader {
    /// Reads the header at the beginning of `bytes`; `None` if there is no complete one.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut input = Input::new(bytes);
        let mut header = Self::default();
        let mut seen = [false; 3];
        input.known_fields(PAGE_HEADER, &mut |input, id| {
            match id {
                1 => (header.page_type, seen[0]) = (input.integer()?, true),
                2 => (header.uncompressed, seen[1]) = (input.integer()?, true),
                3 => (header.compressed, seen[2]) = (input.integer()?, true),
                5 => input.known_fields(DATA_PAGE, &mut |input, id| header.page_field(input, id, 2))?,
                7 => input.known_fields(DICTIONARY_PAGE, &mut |input, id| header.page_field(input, id, 2))?,
                8 => input.known_fields(DATA_PAGE_V2, &mut |input, id| header.page_field(input, id, 4))?,
                _ => return Some(Visit::Skip),
            }
            Some(Visit::Read)
        })?;
        header.length = input.at;
        seen.iter().all(|seen| *seen).then_some(header)
    }

    /// A field of the header of one type of pages. They all begin with the number of values.
    fn page_field(&mut self, input: &mut Input<'_>, id: i64, encoding: i64) -> Option<Visit> {
        if id == 1 {
            self.values = input.integer()?;
        } else if id == encoding {
            self.encoding = input.integer()?;
        } else {
            return Some(Visit::Skip);
        }
        Some(Visit::Read)
    }
}

/// What a visitor did with the value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Visit {
    /// The field was read.
    Read,
    /// It left it where it is.
    Skip,
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

    /// The next bytes, if there are that many.
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

    /// Hands over the number of each field of a struct, whose value may be read. `None` also if a known field holds
    /// something else than it should: the library reads what it expects, whatever kind the file states, and everything
    /// behind it would be something else to the library than it is here.
    pub(super) fn known_fields(
        &mut self,
        known: &Fields,
        visit: &mut dyn FnMut(&mut Self, i64) -> Option<Visit>,
    ) -> Option<()> {
        let mut id = 0;
        loop {
            let head = self.byte()?;
            if head == kind::STOP {
                return Some(());
            }
            let kind = head & 0x0f;
            let number = match head >> 4 {
                0 => self.integer()?,
                delta => id + i64::from(delta),
            };
            id = i64::from(i16::try_from(number).ok()?);
            let field = known.iter().find(|(known, _)| *known == id).map(|(_, field)| field);
            if field.is_some_and(|field| !field.includes(kind)) {
                return None;
            }
            match (visit(self, id)?, field) {
                (Visit::Read, _) => {}
                (Visit::Skip, Some(FieldType::Struct(known))) => {
                    self.known_fields(known, &mut |_, _| Some(Visit::Skip))?;
                }
                (Visit::Skip, _) => self.skip(kind, 0)?,
            }
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
            kind::STRUCT => loop {
                let head = self.byte()?;
                if head == kind::STOP {
                    return Some(());
                }
                if head >> 4 == 0 {
                    self.varint()?;
                }
                self.skip(head & 0x0f, depth + 1)?;
            },
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

    /// Each item takes a byte, so that no count outruns the bytes. Booleans take one only inside collections, which the
    /// library forgets when it skips them; no struct of the format has a collection of them where it is skipped.
    fn skip_item(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            kind::TRUE | kind::FALSE => None,
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
        // The size as text, and the header of the page as a number.
        assert_eq!(PageHeader::read(&[0x15, 0, 0x18, 1, 40, 0x15, 20, 0]), None);
        assert_eq!(PageHeader::read(&[0x15, 0, 0x15, 40, 0x15, 20, 0x25, 0, 0]), None);
    }
}
