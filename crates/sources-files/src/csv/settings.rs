//! Settings of CSV: how the text is written, and what is made of it.

use std::fmt;

use encoding_rs::Encoding;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// How CSV is written.
///
/// The names that pandas has for these settings, which dlt's `read_csv` takes, are understood too.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CsvConfig {
    /// Between fields. Found out from the first records where absent: a comma, a semicolon, a tab or a bar.
    #[serde(deserialize_with = "one_byte", alias = "sep")]
    pub delimiter: Option<u8>,
    /// Around fields; the empty text means that nothing is quoted.
    #[serde(deserialize_with = "byte_or_none", alias = "quotechar")]
    pub quote: Option<u8>,
    /// Before a quote inside a quoted field; it is doubled where absent.
    #[serde(deserialize_with = "byte_or_none", alias = "escapechar")]
    pub escape: Option<u8>,
    /// Lines that begin with it are passed over.
    #[serde(deserialize_with = "byte_or_none")]
    pub comment: Option<u8>,
    /// Lines before the header, or before the first record where there is none, that are passed over.
    #[serde(alias = "skiprows")]
    pub skip_lines: u64,
    /// How characters are written; UTF-8 where absent. A byte order mark at the beginning of a file goes before it.
    pub encoding: Option<CsvEncoding>,
    /// Between the digits of a number and its fraction.
    #[serde(deserialize_with = "decimal_byte")]
    pub decimal: u8,
    /// Where the names of the columns are.
    pub header: CsvHeader,
    /// Unquoted texts that stand for null, besides the empty one.
    #[serde(deserialize_with = "one_or_many", alias = "na_values")]
    pub null_values: Vec<String>,
    /// Whether values get types.
    pub types: CsvTypes,
    /// What happens to names of the header that become the same column.
    pub name_collisions: CsvNameCollisions,
}

impl Default for CsvConfig {
    fn default() -> Self {
        Self {
            delimiter: None,
            quote: Some(b'"'),
            escape: None,
            comment: None,
            skip_lines: 0,
            encoding: None,
            decimal: b'.',
            header: CsvHeader::default(),
            null_values: Vec::new(),
            types: CsvTypes::default(),
            name_collisions: CsvNameCollisions::default(),
        }
    }
}

impl CsvConfig {
    /// Looks at settings that only together make no sense.
    ///
    /// # Errors
    /// Which two have the same character.
    pub fn check(&self) -> Result<(), String> {
        let marks = [
            ("delimiter", self.delimiter),
            ("quote", self.quote),
            ("escape", self.escape.filter(|_| self.escape != self.quote)),
            ("comment", self.comment),
        ];
        for (at, (name, mark)) in marks.iter().enumerate() {
            let Some(mark) = mark else { continue };
            if let Some((other, _)) = marks[..at].iter().find(|(_, other)| other == &Some(*mark)) {
                let mark = char::from(*mark);
                return Err(format!(
                    "`{other}` and `{name}` are both `{mark}`; give them different characters"
                ));
            }
        }
        if self.delimiter == Some(self.decimal) {
            let mark = char::from(self.decimal);
            return Err(format!(
                "`delimiter` and `decimal` are both `{mark}`; numbers would be cut in two, set `delimiter` to what \
                 stands between fields"
            ));
        }
        Ok(())
    }
}

/// How characters are written: a label of the WHATWG's encoding standard, or Python's name of one of its encodings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsvEncoding(pub(super) &'static Encoding);

/// Where the names of the columns are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CsvHeader {
    /// In the first record (`true`).
    #[default]
    First,
    /// Nowhere (`false`): they are `column_1`, `column_2` and so on.
    Absent,
    /// In the settings; the first record is data.
    Names(Vec<String>),
}

/// Whether values of CSV get types.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CsvTypes {
    /// A column is integer, number or boolean if all values in the first rows of the file are.
    #[default]
    Detect,
    /// All values are text.
    Text,
}

/// What happens to names of a header that become the same column, such as `Id` and `ID`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CsvNameCollisions {
    /// Each is a column of its own; a mark made of the name is added to all but the one that is a column's name as
    /// it stands.
    #[default]
    KeepApart,
    /// The file is refused.
    Fail,
}

impl<'de> Deserialize<'de> for CsvEncoding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        encoding(&text).map(Self).ok_or_else(|| {
            D::Error::custom(format_args!(
                "`{text}` is not a known encoding; use utf-8, latin-1, windows-1252, iso-8859-2, utf-16, shift_jis, \
                 gbk or another one of https://encoding.spec.whatwg.org"
            ))
        })
    }
}

/// The encoding of a label. Python writes some of them in other ways than the web.
fn encoding(label: &str) -> Option<&'static Encoding> {
    let label = label.trim().to_ascii_lowercase();
    let dashed = label.replace('_', "-");
    let python = match dashed.as_str() {
        "utf-8-sig" => "utf-8".to_owned(),
        "utf16" => "utf-16".to_owned(),
        "utf-16-le" => "utf-16le".to_owned(),
        "utf-16-be" => "utf-16be".to_owned(),
        "mac-roman" => "macintosh".to_owned(),
        "cp932" => "shift-jis".to_owned(),
        "cp936" => "gbk".to_owned(),
        "cp949" => "euc-kr".to_owned(),
        "cp950" => "big5".to_owned(),
        other => match other.strip_prefix("latin-") {
            Some(number) => format!("latin{number}"),
            None => other.to_owned(),
        },
    };
    [label, dashed, python].iter().find_map(|label| Encoding::for_label_no_replacement(label.as_bytes()))
}

impl<'de> Deserialize<'de> for CsvHeader {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct HeaderVisitor;
        impl<'de> Visitor<'de> for HeaderVisitor {
            type Value = CsvHeader;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false, or a list of column names")
            }

            fn visit_bool<E: serde::de::Error>(self, first: bool) -> Result<CsvHeader, E> {
                Ok(if first { CsvHeader::First } else { CsvHeader::Absent })
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<CsvHeader, A::Error> {
                let mut names: Vec<String> = Vec::new();
                while let Some(name) = list.next_element()? {
                    if names.contains(&name) {
                        return Err(A::Error::custom(format_args!("the column `{name}` is named twice")));
                    }
                    names.push(name);
                }
                Ok(CsvHeader::Names(names))
            }
        }
        deserializer.deserialize_any(HeaderVisitor)
    }
}

/// One character, or one of the names of a character that is hard to type.
fn byte(text: &str) -> Option<u8> {
    match text.as_bytes() {
        b"\\t" | b"tab" => Some(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') => Some(*byte),
        _ => None,
    }
}

fn one_byte<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match byte(&text) {
        Some(byte) => Ok(Some(byte)),
        None => Err(D::Error::custom(format_args!("expected one ASCII character or `tab`, found `{text}`"))),
    }
}

fn byte_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match byte(&text) {
        None if !text.is_empty() => {
            Err(D::Error::custom(format_args!("expected one ASCII character or none, found `{text}`")))
        }
        byte => Ok(byte),
    }
}

fn decimal_byte<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.as_bytes() {
        [byte @ (b'.' | b',')] => Ok(*byte),
        _ => Err(D::Error::custom(format_args!("expected `.` or `,`, found `{text}`"))),
    }
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    struct WordsVisitor;
    impl<'de> Visitor<'de> for WordsVisitor {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text, or a list of texts")
        }

        fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Self::Value, E> {
            Ok(vec![word.to_owned()])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut words = Vec::new();
            while let Some(word) = list.next_element()? {
                words.push(word);
            }
            Ok(words)
        }
    }
    deserializer.deserialize_any(WordsVisitor)
}
