//! Words of a closed vocabulary, and those for values: their types, and the rules that find them.
//!
//! Every word is spelled as dlt spells it.

/// A word that is not part of the vocabulary it was used in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} `{found}`, use one of {known}")]
pub struct UnknownWord {
    /// What the word stands for, as in "data type".
    pub what: &'static str,
    /// The word that was found.
    pub found: String,
    /// The words that are known, separated by commas.
    pub known: String,
}

/// Makes an enum of words that documents hold: `Display`, `FromStr` and serde use the words, and `ALL` has each.
#[macro_export]
macro_rules! words {
    ($(#[$meta:meta])* $name:ident, $what:literal { $($(#[$vmeta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vmeta])* $variant),+ }

        impl $name {
            /// Every word, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as it is in documents.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::UnknownWord;
            fn from_str(text: &str) -> Result<Self, $crate::UnknownWord> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::UnknownWord {
                        what: $what,
                        found: text.to_owned(),
                        known: [$($word),+].join(", "),
                    }),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

words! {
    /// Type of a column or of a value.
    DataType, "data type" {
        /// Unicode text.
        Text = "text",
        /// 64-bit floating point number.
        Double = "double",
        /// True or false.
        Bool = "bool",
        /// Point in time, with or without time zone.
        Timestamp = "timestamp",
        /// Integer, 64 bits unless the column says otherwise.
        Bigint = "bigint",
        /// Bytes of any content.
        Binary = "binary",
        /// JSON document: a value of any type or nesting.
        Json = "json",
        /// Exact decimal number.
        Decimal = "decimal",
        /// 256-bit integer of blockchains.
        Wei = "wei",
        /// Calendar day, without time of day.
        Date = "date",
        /// Time of day, without date.
        Time = "time",
    }
}

words! {
    /// A rule that finds a type in a value before the type of the value itself counts.
    Detection, "type detection" {
        /// Numbers near the present are seconds since 1970.
        Timestamp = "timestamp",
        /// ISO 8601 text with a time part.
        IsoTimestamp = "iso_timestamp",
        /// ISO 8601 text without a time part.
        IsoDate = "iso_date",
        /// Integers that do not fit 64 bits.
        LargeInteger = "large_integer",
        /// Hex bytes of Python blockchain libraries.
        HexbytesToText = "hexbytes_to_text",
        /// Wei as a floating point number.
        WeiToDouble = "wei_to_double",
    }
}
