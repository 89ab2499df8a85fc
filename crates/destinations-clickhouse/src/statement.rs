//! The text of a statement with its parameters, and rows of the answer.

use cartage_destinations_api::{Error, Param, Result, Statement};
use cartage_destinations_sql::{Row, SqlValue};
use serde_json::Value;

/// What stands for the parameter with a number, counted from 1.
pub(crate) fn placeholder(number: usize) -> String {
    format!("{{p{number}}}")
}

/// A statement as it is sent. Parameters are literals: they may be longer than an address can be.
pub(crate) fn text(statement: &Statement) -> String {
    if statement.params.is_empty() {
        return statement.sql.clone();
    }
    let mut sent = String::with_capacity(statement.sql.len());
    let mut rest = statement.sql.as_str();
    while let Some(begin) = rest.find("{p") {
        let (before, found) = rest.split_at(begin);
        sent.push_str(before);
        let number = found.find('}').and_then(|end| Some((found[2..end].parse::<usize>().ok()?, end)));
        let param =
            number.and_then(|(number, end)| Some((statement.params.get(number.checked_sub(1)?)?, end)));
        if let Some((param, end)) = param {
            sent.push_str(&literal_of(param));
            rest = &found[end + 1..];
        } else {
            sent.push_str("{p");
            rest = &found[2..];
        }
    }
    sent.push_str(rest);
    sent
}

fn literal_of(param: &Param) -> String {
    match param {
        Param::Text(text) => literal(text),
        Param::Int(number) => number.to_string(),
        Param::Timestamp(micros) => timestamp(*micros),
        _ => "NULL".to_owned(),
    }
}

/// A text in quotes.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A timestamp in UTC, in microseconds since 1970.
pub(crate) fn timestamp(micros: i64) -> String {
    let text = cartage_values::timestamp_to_text(micros, false).replacen('T', " ", 1);
    format!("toDateTime64('{text}', 6, 'UTC')")
}

/// The rows of an answer in the format `JSONCompactEachRow`.
///
/// # Errors
/// Corrupt if it is none.
pub(crate) fn rows(answer: &[u8]) -> Result<Vec<Row>> {
    let lines = answer.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(row).collect()
}

fn row(line: &[u8]) -> Result<Row> {
    let text = String::from_utf8_lossy(line);
    let values: Vec<Value> = serde_json::from_str(&text)
        .map_err(|cause| Error::corrupt("the server's answer cannot be read").with_source(cause))?;
    Ok(Row(values.into_iter().map(value).collect()))
}

fn value(value: Value) -> SqlValue {
    match value {
        Value::Null => SqlValue::Null,
        Value::Bool(flag) => SqlValue::Int(i64::from(flag)),
        Value::Number(number) => {
            number.as_i64().map_or_else(|| SqlValue::Text(number.to_string()), SqlValue::Int)
        }
        Value::String(text) => SqlValue::Text(text),
        other => SqlValue::Text(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_become_literals_and_other_braces_stay() {
        let statement = Statement::new("try", "SELECT {p1}, '{p}', {p3}, {p2}, {p9} FROM `{p`")
            .with_params(vec!["it's \\ {p2}".into(), Param::Int(-5), Param::Null]);
        assert_eq!(text(&statement), r"SELECT 'it\'s \\ {p2}', '{p}', NULL, -5, {p9} FROM `{p`");
        let moment = Statement::new("try", "{p1}").with_params(vec![Param::Timestamp(1_500_000)]);
        assert_eq!(text(&moment), "toDateTime64('1970-01-01 00:00:01.500000', 6, 'UTC')");
    }

    #[test]
    fn rows_have_numbers_texts_and_nulls() {
        let found = rows(b"[1,\"a\\n\",null]\n[true,18446744073709551615,1.5]\n").unwrap();
        assert_eq!(found[0].0, [SqlValue::Int(1), SqlValue::Text("a\n".to_owned()), SqlValue::Null]);
        assert_eq!(found[1].int(0).unwrap(), 1);
        assert_eq!(found[1].text(1).unwrap(), "18446744073709551615");
        assert!(rows(b"Code: 60").is_err());
    }
}
