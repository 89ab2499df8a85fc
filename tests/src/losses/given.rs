//! Values as a source gives them, without a word about where they will be kept.

/// A value of an input file.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// No value.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number with all its digits, in plain notation: an integer, a decimal.
    Digits(String),
    /// A binary number; smaller ones are widened, which changes nothing.
    Double(f64),
    /// A number of a JSON file beyond what a double holds, as it is written.
    Huge(String),
    /// A text.
    Text(String),
    /// A field of a CSV file, which has no type.
    Field(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Days since 1970.
    Date(i64),
    /// Nanoseconds since midnight.
    Time(i128),
    /// Nanoseconds since 1970; whether a zone is known.
    Instant(i128, bool),
    /// A length of time in months, days and nanoseconds.
    Length(i64, i64, i128),
    /// Values in order.
    List(Vec<Given>),
    /// Values by name.
    Object(Vec<(String, Given)>),
    /// Pairs of keys and values.
    Map(Vec<(Given, Given)>),
}

impl Given {
    /// How many values it holds that must be found again.
    pub fn leaves(&self) -> usize {
        match self {
            Self::Null => 0,
            Self::List(items) => items.iter().map(Self::leaves).sum(),
            Self::Object(fields) => fields.iter().map(|(_, value)| value.leaves()).sum(),
            Self::Map(pairs) => pairs.iter().map(|(key, value)| key.leaves() + value.leaves()).sum(),
            _ => 1,
        }
    }
}
