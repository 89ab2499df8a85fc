//! Statements: what they are sent as, and their rows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cartage_destinations_api::{Param, Statement};
use cartage_destinations_sql::{Row, SqlValue};
use cartage_values::timestamp_to_text;
use serde_json::{Map, Value, json};

use super::api::{Api, LONG_POLL};
use super::error::Fault;

impl Api {
    /// All rows of a query that changes nothing, in a session where one is given.
    pub(super) async fn rows(&self, statement: &Statement, session: Option<&str>) -> Result<Vec<Row>, Fault> {
        let mut body = of_statement(statement, session);
        body.insert("location".to_owned(), self.config.location.clone().into());
        body.insert("timeoutMs".to_owned(), (LONG_POLL.as_millis() as u64).into());
        body.insert("formatOptions".to_owned(), json!({ "useInt64Timestamp": true }));
        let mut answer = self.post(&self.jobs_path(&["queries"]), &Value::Object(body)).await?;
        let mut rows = Vec::new();
        loop {
            if let Some(error) = answer["errors"].as_array().and_then(|errors| errors.first()) {
                // Warnings come here as well, beside rows.
                if answer["jobComplete"] != json!(true) || answer["schema"]["fields"][0].is_null() {
                    return Err(Fault::of_job(error));
                }
            }
            let is_complete = answer["jobComplete"] == json!(true);
            if is_complete {
                rows.extend(rows_of(&answer));
            }
            let next = answer["pageToken"].as_str().filter(|token| !token.is_empty()).map(str::to_owned);
            if is_complete && next.is_none() {
                return Ok(rows);
            }
            answer = self.next_rows(&answer, next).await?;
        }
    }

    async fn next_rows(&self, answer: &Value, page: Option<String>) -> Result<Value, Fault> {
        let reference = &answer["jobReference"];
        let id = reference["jobId"].as_str().unwrap_or_default();
        let location = reference["location"].as_str().unwrap_or(&self.config.location);
        let mut query = vec![
            ("location", location.to_owned()),
            ("timeoutMs", LONG_POLL.as_millis().to_string()),
            ("formatOptions.useInt64Timestamp", "true".to_owned()),
        ];
        query.extend(page.map(|page| ("pageToken", page)));
        let mut next = self.get(&self.jobs_path(&["queries", id]), &query).await?;
        if next["jobReference"].is_null() {
            next["jobReference"] = reference.clone();
        }
        Ok(next)
    }
}

/// The parts that queries and jobs of statements share.
pub(super) fn of_statement(statement: &Statement, session: Option<&str>) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("query".to_owned(), statement.sql.as_str().into());
    body.insert("useLegacySql".to_owned(), false.into());
    if !statement.params.is_empty() {
        let params = statement.params.iter().zip(1..).map(|(param, nth)| parameter(nth, param));
        body.insert("parameterMode".to_owned(), "NAMED".into());
        body.insert("queryParameters".to_owned(), params.collect());
    }
    if let Some(session) = session {
        let property = json!([{ "key": "session_id", "value": session }]);
        body.insert("connectionProperties".to_owned(), property);
    }
    body
}

fn parameter(nth: usize, param: &Param) -> Value {
    let (kind, value) = match param {
        Param::Int(number) => ("INT64", Some(number.to_string())),
        Param::Timestamp(micros) => {
            ("TIMESTAMP", Some(timestamp_to_text(*micros, true).replacen('T', " ", 1)))
        }
        Param::Text(text) => ("STRING", Some(text.clone())),
        // Nulls are of text columns: no other column of ours gets one.
        _ => ("STRING", None),
    };
    let value = value.map_or_else(|| json!({}), |value| json!({ "value": value }));
    json!({ "name": format!("p{nth}"), "parameterType": { "type": kind }, "parameterValue": value })
}

fn rows_of(answer: &Value) -> Vec<Row> {
    let kinds: Vec<&str> = answer["schema"]["fields"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|field| field["type"].as_str().unwrap_or_default())
        .collect();
    let row = |row: &Value| {
        let cells = row["f"].as_array().into_iter().flatten().zip(&kinds);
        Row(cells.map(|(cell, kind)| value(&cell["v"], kind)).collect())
    };
    answer["rows"].as_array().into_iter().flatten().map(row).collect()
}

/// Values come as texts. Bytes become digits, as PostgreSQL shows them.
fn value(cell: &Value, kind: &str) -> SqlValue {
    let text = match cell {
        Value::Null => return SqlValue::Null,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match kind {
        "INTEGER" | "INT64" => text.parse().map_or(SqlValue::Text(text), SqlValue::Int),
        "BOOLEAN" | "BOOL" => SqlValue::Int((text == "true").into()),
        "TIMESTAMP" => SqlValue::Text(
            text.parse().map_or(text, |micros| timestamp_to_text(micros, true).replacen('T', " ", 1)),
        ),
        "BYTES" => {
            let bytes = STANDARD.decode(&text).unwrap_or_default();
            let digits = bytes.iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"));
            SqlValue::Text(format!("\\x{digits}"))
        }
        _ => SqlValue::Text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_what_rows_have() {
        let text = |text: &str| SqlValue::Text(text.to_owned());
        assert_eq!(value(&json!("12"), "INTEGER"), SqlValue::Int(12));
        assert_eq!(value(&json!("true"), "BOOLEAN"), SqlValue::Int(1));
        assert_eq!(value(&json!("0"), "TIMESTAMP"), text("1970-01-01 00:00:00+00:00"));
        assert_eq!(value(&json!("AP8="), "BYTES"), text("\\x00ff"));
        assert_eq!(value(&json!("1.50"), "NUMERIC"), text("1.50"));
        assert_eq!(value(&json!(null), "STRING"), SqlValue::Null);
    }

    #[test]
    fn parameters_are_named_and_typed() {
        let statement = Statement::new("x", "SELECT @p1, @p2")
            .with_params(vec![Param::Timestamp(1_500_000), Param::Null]);
        let body = Value::Object(of_statement(&statement, Some("s")));
        assert_eq!(body["queryParameters"][0]["parameterValue"]["value"], "1970-01-01 00:00:01.500000+00:00");
        assert_eq!(body["queryParameters"][1]["name"], "p2");
        assert!(body["queryParameters"][1]["parameterValue"].get("value").is_none());
        assert_eq!(body["connectionProperties"][0]["value"], "s");
    }
}
