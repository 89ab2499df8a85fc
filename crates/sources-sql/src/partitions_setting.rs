//! The setting that says in how many parts a table is read.

use std::num::NonZeroUsize;

use serde::Deserialize;
use serde_json::Value;

/// In how many parts a table is read, at most as many at once as there are connections.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub enum Partitions {
    /// As many as its size asks for, by the places of its rows, where the database can give all of them the same
    /// snapshot.
    #[default]
    Auto,
    /// This many, in the same way; one is the table in one go.
    Number(NonZeroUsize),
    /// This many ranges of the values of a column, which is good for views and queries, too.
    OfColumn {
        /// A column of integers, dates or timestamps.
        column: String,
        /// Number of ranges.
        num: NonZeroUsize,
    },
}

impl TryFrom<Value> for Partitions {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        const WANTED: &str = "`partitions` is \"auto\", a number from 1, or { column = \"id\", num = 8 }";
        let number = |value: &Value| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            text.parse::<NonZeroUsize>().map_err(|_| WANTED.to_owned())
        };
        match &value {
            Value::String(text) if text == "auto" => Ok(Self::Auto),
            Value::Object(keys) => match (keys.get("column").and_then(Value::as_str), keys.get("num")) {
                (Some(column), Some(num)) if keys.len() == 2 => {
                    Ok(Self::OfColumn { column: column.to_owned(), num: number(num)? })
                }
                _ => Err(WANTED.to_owned()),
            },
            value => Ok(Self::Number(number(value)?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_a_word_a_number_or_a_column() {
        let read =
            |value: Value| serde_json::from_value::<Partitions>(value).map_err(|error| error.to_string());
        let four = NonZeroUsize::new(4).expect("it is not zero");
        assert_eq!(read(json!("auto")), Ok(Partitions::Auto));
        // Variables of the environment are texts.
        assert_eq!(read(json!("4")), Ok(Partitions::Number(four)));
        assert_eq!(read(json!(4)), Ok(Partitions::Number(four)));
        let of_column = Partitions::OfColumn { column: "id".to_owned(), num: four };
        assert_eq!(read(json!({"column": "id", "num": 4})), Ok(of_column));
        for wrong in
            [json!(0), json!("many"), json!(1.5), json!({"column": "id"}), json!({"column": 1, "num": 2})]
        {
            assert!(read(wrong).unwrap_err().contains("auto"));
        }
    }
}
