//! The closed vocabularies of a schema document: data types, write dispositions, detections and so on.
//!
//! Every word is spelled as dlt spells it. Parsing happens once, where a document or a configuration is
//! read; after that the compiler knows the set.

use std::fmt;

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

macro_rules! words {
    ($(#[$meta:meta])* $name:ident, $what:literal { $($(#[$vmeta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vmeta])* $variant),+ }

        impl $name {
            /// Every word, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as it stands in documents.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = UnknownWord;
            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord {
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
        /// Truth value.
        Bool = "bool",
        /// Point in time, with or without time zone.
        Timestamp = "timestamp",
        /// Integer, 64 bits unless the column says otherwise.
        Bigint = "bigint",
        /// Bytes.
        Binary = "binary",
        /// JSON document.
        Json = "json",
        /// Exact decimal number.
        Decimal = "decimal",
        /// 256-bit integer of blockchains.
        Wei = "wei",
        /// Calendar day.
        Date = "date",
        /// Time of day.
        Time = "time",
    }
}

words! {
    /// What a load does to the rows that are already in a table.
    WriteDisposition, "write disposition" {
        /// Adds rows.
        Append = "append",
        /// Replaces all rows.
        Replace = "replace",
        /// Combines rows by keys.
        Merge = "merge",
        /// Loads nothing; system tables have it.
        Skip = "skip",
    }
}

words! {
    /// How a merge combines rows.
    MergeStrategy, "merge strategy" {
        /// Deletes the rows with equal keys, then inserts.
        DeleteInsert = "delete-insert",
        /// Keeps the history of rows in validity columns.
        Scd2 = "scd2",
        /// Updates or inserts by primary key.
        Upsert = "upsert",
        /// Inserts rows with new primary keys only.
        InsertOnly = "insert-only",
        /// Upsert that also deletes what a full snapshot lacks.
        Cdc = "cdc",
    }
}

words! {
    /// How a replace exchanges the content of tables.
    ReplaceStrategy, "replace strategy" {
        /// Empties the table, then appends.
        TruncateAndInsert = "truncate-and-insert",
        /// Loads into the staging dataset and copies in one transaction.
        InsertFromStaging = "insert-from-staging",
        /// Loads into the staging dataset and swaps tables.
        StagingOptimized = "staging-optimized",
    }
}

words! {
    /// Order by which a merge picks the surviving row of a key.
    SortOrder, "sort order" {
        /// Smallest first.
        Asc = "asc",
        /// Largest first.
        Desc = "desc",
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

words! {
    /// A column hint that `settings.default_hints` can give to new columns by name.
    DefaultHint, "default hint" {
        /// The column takes no nulls.
        NotNull = "not_null",
        /// The column takes nulls.
        Nullable = "nullable",
        /// Partition column.
        Partition = "partition",
        /// Cluster column.
        Cluster = "cluster",
        /// Part of the primary key.
        PrimaryKey = "primary_key",
        /// Sort column.
        Sort = "sort",
        /// Values are unique.
        Unique = "unique",
        /// Part of the merge key.
        MergeKey = "merge_key",
        /// Identifies the row.
        RowKey = "row_key",
        /// Points to the parent row.
        ParentKey = "parent_key",
        /// Points to the root row.
        RootKey = "root_key",
        /// Marks deleted rows.
        HardDelete = "hard_delete",
        /// Orders rows of equal keys.
        DedupSort = "dedup_sort",
    }
}

words! {
    /// What a contract is about.
    ContractEntity, "contract entity" {
        /// New tables.
        Tables = "tables",
        /// New columns of tables that are not new.
        Columns = "columns",
        /// Variants, and changed types of columns.
        DataType = "data_type",
    }
}

words! {
    /// What happens when data does not fit the schema.
    ContractMode, "schema contract mode" {
        /// The schema follows the data.
        Evolve = "evolve",
        /// The load fails.
        Freeze = "freeze",
        /// The row is left out.
        DiscardRow = "discard_row",
        /// The value is left out.
        DiscardValue = "discard_value",
    }
}
