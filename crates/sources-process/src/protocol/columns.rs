//! Rows that come column by column: made lines of JSON, as all other rows are.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// What a key begins with whose texts have a type, by the type; the last stands for texts without one. They are U+F026 to
/// U+F02E of the protocol.
const MARKS: std::ops::RangeInclusive<char> = '\u{f026}'..=TEXT;
const TEXT: char = '\u{f02e}';

/// A list of values below one key.
struct Column<'a> {
    /// The key as JSON, with the colon behind it.
    key: String,
    /// The type of its texts.
    mark: Option<char>,
    values: Vec<&'a RawValue>,
}

impl<'a> Column<'a> {
    fn new(key: &str, values: Vec<&'a RawValue>) -> Result<Self, serde_json::Error> {
        let mark = key.chars().next().filter(|first| MARKS.contains(first));
        let name = &key[mark.map_or(0, char::len_utf8)..];
        let key = serde_json::to_string(name)? + ":";
        Ok(Self { key, mark: mark.filter(|mark| *mark != TEXT), values })
    }

    fn write(&self, row: usize, line: &mut Vec<u8>) {
        let value = self.values[row].get();
        line.extend_from_slice(self.key.as_bytes());
        match (self.mark, value.strip_prefix('"')) {
            (Some(mark), Some(rest)) => {
                line.push(b'"');
                line.extend_from_slice(mark.encode_utf8(&mut [0; 4]).as_bytes());
                line.extend_from_slice(rest.as_bytes());
            }
            _ => line.extend_from_slice(value.as_bytes()),
        }
    }
}

/// Columns of equal length.
struct Block<'a>(Vec<Column<'a>>);

impl<'de> Deserialize<'de> for Block<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Columns;
        impl<'de> Visitor<'de> for Columns {
            type Value = Block<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of lists")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut columns = Vec::new();
                while let Some((key, values)) = map.next_entry::<String, Vec<&RawValue>>()? {
                    columns.push(Column::new(&key, values).map_err(serde::de::Error::custom)?);
                }
                Ok(Block(columns))
            }
        }
        deserializer.deserialize_map(Columns)
    }
}

impl Block<'_> {
    fn rows(&self) -> Result<usize, String> {
        let rows = self.0.first().map_or(0, |column| column.values.len());
        match self.0.iter().find(|column| column.values.len() != rows) {
            None => Ok(rows),
            Some(Column { key, values, .. }) => {
                let other = &self.0[0].key;
                Err(format!("columns of different length: {other} {rows} values, {key} {}", values.len()))
            }
        }
    }
}

/// Blocks of columns, one a line, as one line a row: at most `most` bytes.
///
/// # Errors
/// What is wrong with a block, in words that follow the place of the message.
pub(super) fn lines(blocks: &[u8], most: u64) -> Result<Vec<u8>, String> {
    let wrong = |error: &dyn fmt::Display| format!("its rows are not columns of JSON: {error}");
    let blocks = std::str::from_utf8(blocks).map_err(|error| wrong(&error))?;
    // The keys are there once in columns, and once a row in lines.
    let mut lines = Vec::with_capacity(2 * blocks.len());
    for block in blocks.lines() {
        let block: Block<'_> = serde_json::from_str(block).map_err(|error| wrong(&error))?;
        for row in 0..block.rows()? {
            for (number, column) in block.0.iter().enumerate() {
                lines.push(if number == 0 { b'{' } else { b',' });
                column.write(row, &mut lines);
            }
            lines.extend_from_slice(b"}\n");
            if lines.len() as u64 > most {
                return Err(format!("its rows are more than {most} bytes as lines; send fewer at once"));
            }
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(blocks: &str) -> String {
        String::from_utf8(lines(blocks.as_bytes(), 1 << 20).unwrap()).unwrap()
    }

    #[test]
    fn columns_are_lines_with_the_same_values() {
        assert_eq!(
            rows("{\"a\":[1,2.50],\"b\": [ null , {\"c\":[\"x\"]} ]}\n{\"a\":[1e400]}\n"),
            "{\"a\":1,\"b\":null}\n{\"a\":2.50,\"b\":{\"c\":[\"x\"]}}\n{\"a\":1e400}\n"
        );
        assert_eq!(rows("{\"a\":[]}\n{}\n"), "");
        assert_eq!(rows(r#"{"\"":["\\\u00e4\n"]}"#), "{\"\\\"\":\"\\\\\\u00e4\\n\"}\n");
    }

    #[test]
    fn a_type_in_front_of_a_key_is_that_of_all_texts_below_it() {
        let expected = "{\"at\":\"\u{f027}2024-05-06\"}\n{\"at\":null}\n{\"at\":7}\n";
        assert_eq!(rows("{\"\u{f027}at\":[\"2024-05-06\",null,7]}"), expected);
        assert_eq!(rows(r#"{"\uf027at":["2024-05-06",null,7]}"#), expected);
        assert_eq!(
            rows("{\"\u{f02e}\u{f027}\":[\"a\",\"\u{f026}1\"]}"),
            "{\"\u{f027}\":\"a\"}\n{\"\u{f027}\":\"\u{f026}1\"}\n"
        );
    }

    #[test]
    fn what_is_no_block_of_columns_is_refused() {
        for (block, reason) in [
            ("{\"a\":[1,2],\"b\":[1]}", "columns of different length: \"a\": 2 values, \"b\": 1"),
            ("{\"a\":1}", "not columns of JSON: invalid type: integer `1`, expected a sequence"),
            ("[1]", "not columns of JSON: invalid type: sequence, expected an object of lists"),
            ("{\"a\":[1]}\n\n", "not columns of JSON: EOF"),
            ("{\"a\":[1]", "not columns of JSON: EOF"),
            ("{\"a\":[x]}", "not columns of JSON: expected value"),
        ] {
            let error = lines(block.as_bytes(), 100).unwrap_err();
            assert!(error.contains(reason), "{block}: {error}");
        }
        assert!(lines(b"{\"a\":[\"\xff\"]}", 100).unwrap_err().contains("invalid utf-8"));
        let long = format!("{{\"{}\":[1,2,3]}}", "a".repeat(40));
        assert!(
            lines(long.as_bytes(), 100)
                .unwrap_err()
                .contains("more than 100 bytes as lines; send fewer at once")
        );
        assert!(lines(long.as_bytes(), 200).is_ok());
    }
}
