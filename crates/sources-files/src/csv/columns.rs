//! The columns of a file: how their values are handed on, and what was handed on.

use std::collections::HashMap;
use std::sync::Arc;

use cartage_schema::DataType;
use cartage_source_api::TargetTable;

use super::settings::CsvTypes;
use super::values::{BOOL, FLOAT, INT, Kind, TEXT, write_bool, write_float, write_int, write_text};

/// A column of a file.
pub(super) struct Column {
    /// The name as a JSON text, with a colon.
    pub(super) json_key: Vec<u8>,
    name: String,
    /// What the values of the sample are together.
    kind: Kind,
    mode: Mode,
    /// Whether nothing but these values decides the type of the column.
    is_new: bool,
    /// Whether a boolean is handed on as the text that it is: the column may become one of texts that other formats
    /// bring, and there a boolean is printed in one way only. In a column of booleans the text is one, too.
    bools_as_text: bool,
    /// What was handed on so far, in this file.
    handed_on: u8,
}

/// How values are handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// As texts.
    Text,
    /// Each by its own kind.
    Values {
        /// Integers get a fraction, in a column of numbers with fractions.
        ints_as_floats: bool,
        /// Integers that no double has are texts, where the column may be one of doubles.
        longs_as_text: bool,
    },
}

impl Mode {
    const ANY: Self = Self::Values { ints_as_floats: false, longs_as_text: false };
    const DOUBLES: Self = Self::Values { ints_as_floats: true, longs_as_text: true };
}

impl Column {
    pub(super) fn new(name: &str) -> Self {
        let mut json_key = Vec::new();
        write_text(&mut json_key, name);
        json_key.push(b':');
        Self {
            json_key,
            name: name.to_owned(),
            kind: Kind::Unknown,
            mode: Mode::ANY,
            is_new: false,
            bools_as_text: false,
            handed_on: 0,
        }
    }

    /// The key of the column in rows.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Takes a value of the sample into account.
    pub(super) fn sample(&mut self, value: &str, decimal: u8) {
        if self.kind != Kind::Text {
            self.kind = self.kind.and(Kind::of(value, decimal));
        }
    }

    /// Decides how values are handed on, once the sample has been looked at.
    pub(super) fn decide(&mut self, types: CsvTypes, known: Known) {
        let Known { data_type, earlier, has_other_formats } = known;
        self.is_new = data_type.is_none();
        self.bools_as_text = self.is_new && has_other_formats;
        let by_kind = match self.kind {
            Kind::Text => Mode::Text,
            Kind::Float => Mode::DOUBLES,
            _ => Mode::ANY,
        };
        let is_text = match data_type {
            Some(known) => known == DataType::Text,
            None => earlier & FLOAT == 0 && self.has_been_text(earlier),
        };
        self.mode = match data_type {
            _ if is_text || types == CsvTypes::Text => Mode::Text,
            Some(DataType::Double) => Mode::DOUBLES,
            // A text beside them makes no texts of the numbers of a column that has its type.
            Some(DataType::Bigint | DataType::Decimal | DataType::Wei) => Mode::ANY,
            None if earlier & FLOAT != 0 => Mode::Values { ints_as_floats: false, longs_as_text: true },
            _ => by_kind,
        };
    }

    /// Whether earlier files brought values of the column that only texts can stand beside.
    fn has_been_text(&self, earlier: u8) -> bool {
        let is_bool = self.kind == Kind::Bool;
        earlier & TEXT != 0
            || earlier & BOOL != 0 && !is_bool && self.kind != Kind::Unknown
            || earlier & INT != 0 && is_bool
    }

    /// Appends a value as JSON.
    #[inline]
    pub(super) fn write(&mut self, out: &mut Vec<u8>, value: &str, decimal: u8) {
        let Mode::Values { ints_as_floats, longs_as_text } = self.mode else {
            self.handed_on |= TEXT;
            return write_text(out, value);
        };
        let mut kind = Kind::of(value, decimal);
        if self.kind == Kind::Unknown {
            self.kind = kind;
        }
        let is_odd = match kind {
            Kind::Bool => self.kind != Kind::Bool,
            Kind::Long => longs_as_text,
            Kind::Int | Kind::Float => self.kind == Kind::Bool,
            Kind::Text | Kind::Unknown => true,
        };
        if is_odd {
            kind = Kind::Text;
        }
        match kind {
            Kind::Bool if self.bools_as_text => write_text(out, value),
            Kind::Bool => write_bool(out, value),
            Kind::Int | Kind::Long => write_int(out, value, ints_as_floats),
            Kind::Float => write_float(out, value, decimal),
            Kind::Text | Kind::Unknown => write_text(out, value),
        }
        self.handed_on |= if ints_as_floats && kind == Kind::Int { FLOAT } else { kind.bit() };
        // Such a column can still become one of texts, as long as no number loses its form.
        if kind == Kind::Text && self.is_new && self.handed_on == INT | TEXT {
            self.mode = Mode::Text;
        }
    }
}

/// What is known of a column before its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// The type that it has in the table.
    pub(super) data_type: Option<DataType>,
    /// The kinds that values of earlier files were handed on as.
    pub(super) earlier: u8,
    /// Whether the resource has files of other formats, too.
    pub(super) has_other_formats: bool,
}

/// What the files of a resource have in common: the table, and what of its columns was handed on before.
#[derive(Clone, Debug, Default)]
pub(crate) struct CsvColumns {
    table: Option<Arc<TargetTable>>,
    has_other_formats: bool,
    /// By the column of the table, the key in rows and the kinds that values were handed on as.
    handed_on: HashMap<String, (String, u8)>,
}

impl CsvColumns {
    pub(crate) fn of(table: Option<Arc<TargetTable>>, has_other_formats: bool) -> Self {
        Self { table, has_other_formats, handed_on: HashMap::new() }
    }

    pub(super) fn table(&self) -> Option<&TargetTable> {
        self.table.as_deref()
    }

    fn column(&self, key: &str) -> String {
        self.table.as_ref().map_or_else(|| key.to_owned(), |table| table.column(key))
    }

    /// What is known of the column that a key becomes.
    pub(super) fn known(&self, key: &str) -> Known {
        let column = self.column(key);
        Known {
            data_type: self.table.as_ref().and_then(|table| table.data_type(&column)),
            earlier: self.handed_on.get(&column).map_or(0, |(_, kinds)| *kinds),
            has_other_formats: self.has_other_formats,
        }
    }

    /// Notes what was handed on of a file's columns.
    pub(super) fn note(&mut self, columns: &[Column]) {
        for column in columns.iter().filter(|column| column.handed_on != 0) {
            let known = self.handed_on.entry(self.column(column.name()));
            known.or_insert_with(|| (column.name.clone(), 0)).1 |= column.handed_on;
        }
    }

    /// Types of columns that their values alone do not show. Where all files are CSV, integers and texts are texts: only
    /// so do all of them keep their characters, for integers were handed on as they would be written; numbers with
    /// fractions were not. Beside other formats, columns of booleans alone are booleans, which were handed on as texts.
    pub(crate) fn types(&self) -> Vec<(String, DataType)> {
        let (kinds, data_type) =
            if self.has_other_formats { (BOOL, DataType::Bool) } else { (INT | TEXT, DataType::Text) };
        let columns = self.handed_on.values().filter(|(_, handed_on)| *handed_on == kinds);
        let mut types: Vec<_> = columns.map(|(key, _)| (key.clone(), data_type)).collect();
        types.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        types
    }
}
