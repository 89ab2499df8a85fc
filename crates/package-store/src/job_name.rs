//! Names of the files in a package: `<table>.<file id>.<retry>.<format>[.<codec>]` for jobs and
//! `<table>.<file id>.jsonl` for quarantined rows.
//!
//! The table part is the name of the table as far as every file system can hold it: other characters
//! than ASCII letters, digits, `_` and `-` become `%` and two hexadecimal digits a byte, and a long
//! name is cut and ends with `~` and a hash. The real name of the table is in `package.json`.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use cartage_runtime::{Codec, FileFormat};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use xxhash_rust::xxh3::xxh3_64;

use crate::invalid_name::InvalidName;

/// Longest table part, so that the whole name with every suffix stays below 255 bytes.
const TABLE_PART_MAX: usize = 160;
/// How much of a longer table part is kept before `~` and its 16 digits.
const TABLE_PART_KEPT: usize = 140;
/// Longest file id.
const FILE_ID_MAX: usize = 40;

/// The name of a job file. It can be joined to a folder without leaving that folder.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobFileName {
    table_part: String,
    file_id: String,
    retry: u32,
    format: FileFormat,
    codec: Option<Codec>,
}

impl JobFileName {
    /// The name of a job that has not been retried.
    ///
    /// # Errors
    /// The table is empty, or `file_id` is not 1 to 40 ASCII letters, digits, `_` and `-`.
    pub fn new(
        table: &str,
        file_id: &str,
        format: FileFormat,
        codec: Option<Codec>,
    ) -> Result<Self, InvalidName> {
        let table_part = table_part(table)?;
        check_file_id(file_id)?;
        Ok(Self { table_part, file_id: file_id.to_owned(), retry: 0, format, codec })
    }

    /// The table as far as a file name can hold it; the true name is in the job's `FileEntry`.
    pub fn table_part(&self) -> &str {
        &self.table_part
    }

    /// Distinguishes the files of a table.
    pub fn file_id(&self) -> &str {
        &self.file_id
    }

    /// How often the job was put back after an error.
    pub fn retry(&self) -> u32 {
        self.retry
    }

    /// How the rows are written.
    pub fn format(&self) -> FileFormat {
        self.format
    }

    /// How the file is compressed.
    pub fn codec(&self) -> Option<Codec> {
        self.codec
    }

    /// The name without the retry count: it names the job for as long as the package exists.
    pub fn job_id(&self) -> String {
        let Self { table_part, file_id, format, .. } = self;
        let mut id = format!("{table_part}.{file_id}.{}", format.as_str());
        if let Some(codec) = self.codec {
            id.push('.');
            id.push_str(codec.as_str());
        }
        id
    }

    /// The name for the next attempt.
    #[must_use]
    pub fn next_retry(&self) -> Self {
        Self { retry: self.retry.saturating_add(1), ..self.clone() }
    }
}

impl fmt::Display for JobFileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table_part, file_id, retry, format, codec } = self;
        write!(f, "{table_part}.{file_id}.{retry}.{}", format.as_str())?;
        codec.map_or(Ok(()), |codec| write!(f, ".{}", codec.as_str()))
    }
}

impl FromStr for JobFileName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let invalid = |problem| invalid("job file name", text, problem);
        let parts: Vec<&str> = text.split('.').collect();
        let (table_part, file_id, retry, format, codec) = match parts[..] {
            [table, id, retry, format] => (table, id, retry, format, None),
            [table, id, retry, format, codec] => (table, id, retry, format, Some(codec)),
            _ => return Err(invalid("is not <table>.<file id>.<retry>.<format>[.<codec>]")),
        };
        if !is_table_part(table_part) {
            return Err(invalid("has a table part that is not a valid table name"));
        }
        check_file_id(file_id)?;
        let number = retry.parse::<u32>().ok().filter(|number| number.to_string() == retry);
        let codec = match codec {
            None => None,
            Some(word) => Some(word.parse().map_err(|_| invalid("has an unknown codec"))?),
        };
        Ok(Self {
            table_part: table_part.to_owned(),
            file_id: file_id.to_owned(),
            retry: number.ok_or_else(|| invalid("has a retry count that is not a number"))?,
            format: format.parse().map_err(|_| invalid("has an unknown format"))?,
            codec,
        })
    }
}

/// The name of a file of quarantined rows, always `jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QuarantineFileName {
    table_part: String,
    file_id: String,
}

impl QuarantineFileName {
    /// The name for rows that were meant for `table`.
    ///
    /// # Errors
    /// As [`JobFileName::new`].
    pub fn new(table: &str, file_id: &str) -> Result<Self, InvalidName> {
        let table_part = table_part(table)?;
        check_file_id(file_id)?;
        Ok(Self { table_part, file_id: file_id.to_owned() })
    }
}

impl fmt::Display for QuarantineFileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.jsonl", self.table_part, self.file_id)
    }
}

impl FromStr for QuarantineFileName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let parts: Vec<&str> = text.split('.').collect();
        match parts[..] {
            [table_part, file_id, "jsonl"] if is_table_part(table_part) => {
                check_file_id(file_id)?;
                Ok(Self { table_part: table_part.to_owned(), file_id: file_id.to_owned() })
            }
            _ => Err(invalid("quarantine file name", text, "is not <table>.<file id>.jsonl")),
        }
    }
}

macro_rules! serde_as_text {
    ($type:ty) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    };
}
serde_as_text!(JobFileName);
serde_as_text!(QuarantineFileName);

fn invalid(what: &'static str, name: &str, problem: &'static str) -> InvalidName {
    InvalidName { what, name: name.to_owned(), problem }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

fn check_file_id(file_id: &str) -> Result<(), InvalidName> {
    if (1..=FILE_ID_MAX).contains(&file_id.len()) && file_id.bytes().all(is_plain) {
        Ok(())
    } else {
        Err(invalid("file id", file_id, "is not 1 to 40 ASCII letters, digits, _ and -"))
    }
}

fn table_part(table: &str) -> Result<String, InvalidName> {
    if table.is_empty() {
        return Err(invalid("table name", table, "is empty"));
    }
    let escaped = escape(table);
    if escaped.len() <= TABLE_PART_MAX {
        return Ok(escaped);
    }
    // An escape sequence must not be cut in two.
    let kept = match escaped[..TABLE_PART_KEPT].rfind('%') {
        Some(start) if start + 3 > TABLE_PART_KEPT => &escaped[..start],
        _ => &escaped[..TABLE_PART_KEPT],
    };
    Ok(format!("{kept}~{:016x}", xxh3_64(table.as_bytes())))
}

fn escape(table: &str) -> String {
    table.bytes().fold(String::with_capacity(table.len()), |mut text, byte| {
        if is_plain(byte) {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("a String takes everything");
        }
        text
    })
}

/// Whether [`table_part`] can give this text.
fn is_table_part(part: &str) -> bool {
    let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let (escaped, hash) = part.split_once('~').map_or((part, None), |(part, hash)| (part, Some(hash)));
    !escaped.is_empty()
        && escaped.len() <= TABLE_PART_MAX
        && is_escaped(escaped.as_bytes())
        && hash.is_none_or(|hash| hash.len() == 16 && hash.bytes().all(lower_hex))
}

fn is_escaped(mut bytes: &[u8]) -> bool {
    let upper_hex = |byte: u8| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte);
    loop {
        bytes = match bytes {
            [] => return true,
            [b'%', high, low, rest @ ..] if upper_hex(*high) && upper_hex(*low) => rest,
            [byte, rest @ ..] if is_plain(*byte) => rest,
            _ => return false,
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_table_gives_a_name_that_reads_back_and_stays_in_its_folder(
            table in ".{1,300}", file_id in "[0-9a-f]{10}", retries in 0..4_usize, zst: bool,
        ) {
            let codec = zst.then_some(Codec::Zst);
            let mut name = JobFileName::new(&table, &file_id, FileFormat::Jsonl, codec).unwrap();
            for _ in 0..retries {
                name = name.next_retry();
            }
            let text = name.to_string();
            prop_assert_eq!(text.parse::<JobFileName>(), Ok(name));
            prop_assert!(text.len() + ".exception".len() <= 255);
            prop_assert!(!text.contains(['/', '\\', '\0', ':']) && !text.starts_with('.'));
        }

        #[test]
        fn only_the_one_spelling_of_a_name_is_read(text in "[a-z%~_.0-9]{1,24}(\\.0\\.jsonl)?") {
            if let Ok(name) = text.parse::<JobFileName>() {
                prop_assert_eq!(name.to_string(), text);
            }
        }
    }

    #[test]
    fn retries_change_the_name_and_not_the_job() {
        let name = JobFileName::new("orders", "0011223344", FileFormat::Parquet, None).unwrap();
        assert_eq!(name.next_retry().to_string(), "orders.0011223344.1.parquet");
        assert_eq!(name.next_retry().job_id(), name.job_id());
    }

    #[test]
    fn different_long_tables_have_different_names() {
        let name = |table: &str| JobFileName::new(table, "a", FileFormat::Jsonl, None).unwrap().to_string();
        let long = "items__".repeat(800);
        assert_ne!(name(&format!("{long}a")), name(&format!("{long}b")));
    }

    #[test]
    fn names_that_leave_the_folder_are_refused() {
        for text in
            ["../x.a.0.jsonl", "x/y.a.0.jsonl", "..a.0.jsonl", "x.a.00.jsonl", "x.a.0.exe", "x.a.0.jsonl.xz"]
        {
            assert!(text.parse::<JobFileName>().is_err(), "{text}");
        }
    }
}
