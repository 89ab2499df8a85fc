//! Every declared type with the values that fit it and those that do not.

use serde_json::{Value, json};

use crate::support::Database;

/// The values of column `v` of a table of this type.
fn values(data_type: &str, values: &[&str]) -> Result<Vec<Value>, String> {
    read(data_type, values, &json!({}))
}

fn read(data_type: &str, values: &[&str], of_column: &Value) -> Result<Vec<Value>, String> {
    let rows: Vec<String> = values.iter().enumerate().map(|(nr, value)| format!("({nr}, {value})")).collect();
    let database = Database::with(&format!(
        "CREATE TABLE t (nr int, v {data_type}); INSERT INTO t VALUES {}",
        rows.join(", ")
    ));
    let hints = json!({"columns": {"v": of_column}});
    let hints = if of_column == &json!({}) { &json!({}) } else { &hints };
    let of_table = database.rows("t", hints, &json!({"included_columns": ["v"]}));
    let of_query = database.rows("q", hints, &json!({"query": "SELECT v FROM t"}));
    assert_eq!(of_query.is_ok(), of_table.is_ok(), "{of_query:?}");
    if let (Ok(of_query), Ok(of_table)) = (of_query, &of_table) {
        assert_eq!(&of_query, of_table, "{data_type} by a query");
    }
    Ok(of_table?.into_iter().map(|mut row| row["v"].take()).collect())
}

fn as_text(data_type: &str, given: &[&str]) -> Vec<Value> {
    read(data_type, given, &json!({"data_type": "text"})).unwrap()
}

/// Values without the marks of types.
fn shown(found: Vec<Value>) -> Vec<String> {
    let plain = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    found.into_iter().map(|value| plain(value).trim_matches(|c: char| c > '\u{e000}').to_owned()).collect()
}

/// The value is refused with these words, and comes as this text if the user wants texts.
fn refused(data_type: &str, value: &str, words: &str, text: &str) {
    let error = values(data_type, &[value]).unwrap_err();
    assert!(error.contains("column `v`") && error.contains("table `t`"), "{error}");
    assert!(error.contains(words), "{words} is not in: {error}");
    assert!(error.contains("`columns.v.data_type = \"text\"`"), "{error}");
    assert_eq!(as_text(data_type, &[value, "NULL"]), [json!(text), json!(null)], "{data_type} {value}");
}

#[test]
fn numbers_keep_their_edges_and_nulls() {
    let (least, most) = ("-9223372036854775808", "9223372036854775807");
    assert_eq!(
        values("INTEGER", &[least, most, "NULL"]).unwrap(),
        [json!(i64::MIN), json!(i64::MAX), json!(null)]
    );
    assert_eq!(values("UNSIGNED BIG INT", &["'5'", "5.0"]).unwrap(), [json!(5), json!(5)]);
    assert_eq!(
        values("REAL", &["1e308", "-0.1", "5e-324", "3"]).unwrap(),
        [json!(1e308), json!(-0.1), json!(5e-324), json!(3.0)]
    );
    assert_eq!(
        values("BOOLEAN", &["0", "1", "true", "NULL"]).unwrap(),
        [json!(false), json!(true), json!(true), json!(null)]
    );
    refused("INTEGER", "1.5", "a real number that is not an integer", "1.5");
    refused("INTEGER", "9223372036854775808", "a real number that is not an integer", "9.223372036854776e18");
    refused("INTEGER", "'five'", "a text that is not an integer", "five");
    refused("INTEGER", "X'00FF'", "a blob that is not an integer", "0x00FF");
    refused("REAL", "'n/a'", "a text that is not a float", "n/a");
    refused("BOOLEAN", "2", "neither 0 nor 1", "2");
    refused("BOOLEAN", "'yes'", "neither 0 nor 1", "yes");
}

#[test]
fn infinity_stays() {
    let database = Database::with("CREATE TABLE t (v REAL); INSERT INTO t VALUES (9e999), (-9e999)");
    let text = database.rows("t", &json!({"columns": {"v": {"data_type": "text"}}}), &json!({})).unwrap();
    assert_eq!(text, [json!({"v": "inf"}), json!({"v": "-inf"})]);
    assert!(database.rows("t", &json!({}), &json!({})).is_ok());
}

#[test]
fn decimals_are_exact_or_refused_with_a_way_out() {
    let of = |data_type: &str, given: &[&str]| shown(values(data_type, given).unwrap());
    assert_eq!(
        of("DECIMAL(10, 2)", &["12345678.90", "-0.01", "7", "NULL"]),
        ["12345678.90", "-0.01", "7.00", "null"]
    );
    assert_eq!(of("NUMERIC", &["0.1", "'12.34'"]), ["0.100000000", "12.340000000"]);
    refused("DECIMAL(10, 2)", "0.1 + 0.2", "more digits", "0.30000000000000004");
    refused("DECIMAL(10, 2)", "'n/a'", "not a decimal", "n/a");
    let floats = read("DECIMAL(10, 2)", &["0.1 + 0.2", "1"], &json!({"data_type": "double"}));
    assert_eq!(floats.unwrap(), [json!(0.300_000_000_000_000_04), json!(1.0)]);
    let finer = json!({"data_type": "decimal", "precision": 38, "scale": 20});
    assert_eq!(shown(read("NUMERIC", &["0.1 + 0.2"], &finer).unwrap()), ["0.30000000000000004000"]);
    assert_eq!(values("DECIMAL(60, 2)", &["'x'", "1"]).unwrap(), [json!("x"), json!("1")]);
}

#[test]
fn texts_blobs_and_json_stay_what_they_are() {
    assert_eq!(
        values("TEXT", &["''", "'a''b\u{1F600}'", "5"]).unwrap(),
        [json!(""), json!("a'b\u{1F600}"), json!("5")]
    );
    refused("VARCHAR(3)", "X'41'", "a blob that is not text", "0x41");
    let found = values("BLOB", &["X''", "NULL", "X'00FF'"]).unwrap();
    assert!(found[0] != found[1] && found[0].as_str().is_some_and(|text| text.len() < 5), "{found:?}");
    refused("BLOB", "'abc'", "a text that is not a blob", "abc");
    let bytes = read("BLOB", &["'abc'", "X'616263'"], &json!({"data_type": "binary"})).unwrap();
    assert_eq!(bytes[0], bytes[1]);
    assert_eq!(
        values("JSON", &["'{\"a\":  1.10}'", "5", "'[]'"]).unwrap(),
        [json!("{\"a\":  1.10}"), json!("5"), json!("[]")]
    );
    refused("JSON", "'{'", "a text that is not JSON", "{");
    // A text that is not text.
    refused("TEXT", "CAST(X'FF41' AS TEXT)", "not in UTF-8", "0xFF41");
    assert!(read("TEXT", &["CAST(X'FF41' AS TEXT)"], &json!({"data_type": "binary"})).is_ok());
}

#[test]
fn dates_and_times_are_texts_in_the_forms_of_sqlite() {
    let of = |data_type: &str, given: &[&str]| shown(values(data_type, given).unwrap());
    assert_eq!(of("DATE", &["'2024-02-29'", "'0001-01-01 00:00:00'"]), ["2024-02-29", "0001-01-01"]);
    let found = of("DATETIME", &["'2024-02-29 23:59:59.999999'", "'2024-02-29T10:00'", "'2024-02-29'"]);
    assert!(found[0].contains("23:59:59.999999") && found[1].contains("10:00"), "{found:?}");
    assert!(of("TIME", &["'23:59:59.999999'", "'10:00'"])[0].contains("23:59:59.999999"));
    refused("DATE", "'2024-02-30'", "not a date or time", "2024-02-30");
    refused("DATE", "'2024-02-28 10:00:00'", "a time of day", "2024-02-28 10:00:00");
    refused("DATETIME", "1704067200", "an integer that is not a date", "1704067200");
    refused("DATETIME", "2460310.5", "a real number that is not a date", "2460310.5");
    refused("DATETIME", "'yesterday'", "not a date or time", "yesterday");
    refused("DATETIME", "'2024-01-01 10:00:00.1234567'", "not a date or time", "2024-01-01 10:00:00.1234567");
    refused("TIME", "'24:00:00'", "not a time", "24:00:00");
    refused(
        "TIMESTAMP",
        "'2024-01-01T10:00:00+02:00'",
        "a time of another zone than UTC",
        "2024-01-01T10:00:00+02:00",
    );
    let utc = of("TIMESTAMP", &["'2024-01-01T10:00:00.5Z'", "'2024-01-01 10:00:00.5+00:00'"]);
    assert!(utc[0].contains("T10:00:00.5") && utc[0] == utc[1], "{utc:?}");
    assert_eq!(
        read("DATETIME", &["1704067200"], &json!({"data_type": "bigint"})).unwrap(),
        [json!(1_704_067_200)]
    );
    let zoned = &["'2024-01-01T10:00:00+02:00'", "'2024-01-01 10:00:00'"];
    for wanted in [json!({"data_type": "timestamp"}), json!({"timezone": true})] {
        let found = shown(read("DATETIME", zoned, &wanted).unwrap());
        assert!(found[0].contains("08:00:00") && found[1].contains("10:00:00"), "{found:?}");
    }
}

#[test]
fn columns_without_a_type_are_what_their_values_are() {
    assert_eq!(values("", &["5", "NULL", "7"]).unwrap(), [json!(5), json!(null), json!(7)]);
    assert_eq!(values("", &["5", "0.5"]).unwrap(), [json!(5.0), json!(0.5)]);
    assert_eq!(values("STRING", &["'a'", "'b'"]).unwrap(), [json!("a"), json!("b")]);
    assert_eq!(
        values("", &["5", "'05'", "X'00'", "0.5"]).unwrap(),
        [json!("5"), json!("05"), json!("0x00"), json!("0.5")]
    );
    assert_eq!(values("", &["NULL"]).unwrap(), [json!(null)]);
    assert_eq!(read("", &["'2024-01-31'"], &json!({"data_type": "date"})).unwrap().len(), 1);
    // What the first values are not is an error and no guess.
    let database = Database::with(
        "CREATE TABLE t (v); WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1500) \
         INSERT INTO t SELECT n FROM n; INSERT INTO t VALUES ('x')",
    );
    let error = database.rows("t", &json!({}), &json!({})).unwrap_err();
    assert!(
        error.contains("column `v` (no declared type)") && error.contains("data_type = \"text\""),
        "{error}"
    );
}

#[test]
fn texts_of_utf_16_are_read() {
    let database = Database::with(
        "PRAGMA encoding = 'UTF-16le'; CREATE TABLE t (v TEXT); INSERT INTO t VALUES ('größe')",
    );
    assert_eq!(database.rows("t", &json!({}), &json!({})).unwrap(), [json!({"v": "größe"})]);
}
