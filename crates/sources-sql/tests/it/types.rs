//! Every type with values at its edges.

use serde_json::{Value, json};

use crate::support::Schema;

/// The values of column `v` of a table of this type.
fn values(data_type: &str, values: &[&str]) -> Result<Vec<Value>, String> {
    read(data_type, values, &json!({}))
}

fn read(data_type: &str, values: &[&str], hints: &Value) -> Result<Vec<Value>, String> {
    let rows: Vec<String> = values.iter().enumerate().map(|(nr, value)| format!("({nr}, {value})")).collect();
    let schema = Schema::with(&format!(
        "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE pair AS (a int, b text); \
         CREATE DOMAIN price AS numeric(8, 3) CHECK (value > 0); CREATE DOMAIN net AS price; \
         CREATE TABLE t (nr int, v {data_type}); INSERT INTO t VALUES {}",
        rows.join(", ")
    ));
    let keys = json!({"included_columns": ["v"]});
    Ok(schema.rows("t", hints, &keys)?.into_iter().map(|mut row| row["v"].take()).collect())
}

/// What comes as text, or as JSON in a text.
fn texts(data_type: &str, given: &[&str], wanted: &[&str]) {
    let wanted: Vec<Value> = wanted.iter().map(|text| Value::from(*text)).collect();
    assert_eq!(values(data_type, given).unwrap(), wanted, "{data_type}");
}

#[test]
fn integers_booleans_and_floats_keep_their_edges_and_nulls() {
    assert_eq!(values("bool", &["true", "false", "NULL"]).unwrap(), [json!(true), json!(false), json!(null)]);
    assert_eq!(values("int2", &["-32768", "32767"]).unwrap(), [json!(-32768), json!(32767)]);
    assert_eq!(values("int4", &["-2147483648", "NULL"]).unwrap(), [json!(i32::MIN), json!(null)]);
    assert_eq!(
        values("int8", &["-9223372036854775808", "9223372036854775807"]).unwrap(),
        [json!(i64::MIN), json!(i64::MAX)]
    );
    assert_eq!(values("oid", &["4294967295"]).unwrap(), [json!(4_294_967_295_u32)]);
    assert_eq!(values("float4", &["1.1", "3.4028235e38"]).unwrap(), [json!(1.1), json!(3.402_823_5e38)]);
    assert_eq!(
        values("float8", &["1e308", "-0.1", "5e-324"]).unwrap(),
        [json!(1e308), json!(-0.1), json!(5e-324)]
    );
}

#[test]
fn decimals_are_exact_or_refused_with_a_way_out() {
    let shown = |values: Vec<Value>| {
        values.iter().map(|value| value.to_string().replace(['"', '\u{f026}'], "")).collect::<Vec<_>>()
    };
    assert_eq!(
        shown(values("numeric(10, 2)", &["12345678.90", "-0.01", "NULL"]).unwrap()),
        ["12345678.90", "-0.01", "null"]
    );
    assert_eq!(
        shown(values("numeric(38, 37)", &["9.9999999999999999999999999999999999999"]).unwrap()),
        ["9.9999999999999999999999999999999999999"]
    );
    assert_eq!(shown(values("net", &["12.5"]).unwrap()), ["12.500"]);
    assert_eq!(shown(values("numeric(5, -2)", &["1234567"]).unwrap()), ["1234600"]);
    for (data_type, value) in
        [("numeric", "1e-20"), ("numeric", "'NaN'"), ("numeric", "1e40"), ("numeric(5, 2)", "'NaN'")]
    {
        let error = values(data_type, &[value]).unwrap_err();
        assert!(error.contains("column `v`") && error.contains("table `t`"), "{error}");
        assert!(error.contains("source `crm`") && error.contains("data_type = \"text\""), "{error}");
    }
    let as_text = json!({"columns": {"v": {"data_type": "text"}}});
    assert_eq!(
        read("numeric", &["1e-20", "'NaN'", "1e40"], &as_text).unwrap(),
        [json!("0.00000000000000000001"), json!("NaN"), json!("1".to_owned() + &"0".repeat(40))]
    );
    let finer = json!({"columns": {"v": {"data_type": "decimal", "precision": 38, "scale": 20}}});
    assert_eq!(shown(read("numeric", &["1e-20"], &finer).unwrap()), ["1E-20"]);
    let long = "9".repeat(60);
    texts("numeric(60, 0)", &[&long], &[&long]);
}

#[test]
fn what_has_no_type_of_ours_is_text_or_json_with_all_of_it() {
    texts("text", &["''", "'a''b\u{1F600}'"], &["", "a'b\u{1F600}"]);
    texts("char(4)", &["'ab'"], &["ab  "]);
    texts("interval", &["'1 year 2 mons -3 days 04:05:06.789'"], &["P1Y2M-3DT4H5M6.789S"]);
    texts("timetz", &["'24:00:00+02'", "'10:00:00.5-03:30'"], &["24:00:00+02", "10:00:00.5-03:30"]);
    texts("money", &["1234.56"], &["$1,234.56"]);
    texts("bit(4)", &["B'0101'"], &["0101"]);
    texts("mood", &["'ok'"], &["ok"]);
    texts("uuid", &["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"], &["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]);
    texts("inet", &["'10.0.0.1/8'", "'::1'"], &["10.0.0.1/8", "::1"]);
    texts("int4range", &["'[1,5)'", "'empty'"], &["[1,5)", "empty"]);
    texts("point", &["'(1.5,2)'"], &["(1.5,2)"]);
    texts("json", &["'{\"a\":  1.10}'"], &["{\"a\":  1.10}"]);
    texts("jsonb", &["'99999999999999999999'", "'null'"], &["99999999999999999999", "null"]);
    texts("numeric[]", &["'{1.10,NULL,1e-20}'", "'{}'"], &["[1.10,null,0.00000000000000000001]", "[]"]);
    texts("text[]", &["'{{a,b},{c,NULL}}'"], &["[[\"a\",\"b\"],[\"c\",null]]"]);
    texts("pair", &["(1, 'x')::pair"], &["{\"a\":1,\"b\":\"x\"}"]);
}

#[test]
fn empty_bytes_stay_empty() {
    let found = values("bytea", &["''", "NULL", "'\\x00ff'"]).unwrap();
    assert_eq!(found[1], json!(null));
    assert!(found[0] != found[1] && found[0].as_str().is_some_and(|text| text.len() < 5), "{found:?}");
    assert_ne!(found[2], found[0]);
}

#[test]
fn times_are_whole_and_what_is_none_is_refused() {
    let shown = |data_type: &str, given: &[&str]| {
        let found = values(data_type, given).unwrap();
        found
            .iter()
            .map(|value| value.as_str().unwrap().trim_matches(|c: char| c > '\u{e000}').to_owned())
            .collect::<Vec<_>>()
    };
    let found = shown("timestamptz", &["'2024-02-29 23:59:59.999999+05:30'", "'0001-01-01 00:00:00+00'"]);
    assert!(found[0].contains("18:29:59.999999") && found[1].contains("0001-01-01"), "{found:?}");
    let found = shown("timestamp", &["'9999-12-31 23:59:59.999999'"]);
    assert!(found[0].contains("9999-12-31") && found[0].contains("23:59:59.999999"), "{found:?}");
    assert!(shown("date", &["'1970-01-01'", "'1582-10-15'"])[1].contains("1582-10-15"));
    assert!(shown("time", &["'23:59:59.999999'"])[0].contains("23:59:59.999999"));
    for (data_type, value, word) in [
        ("timestamp", "'infinity'", "infinite"),
        ("timestamptz", "'-infinity'", "infinite"),
        ("date", "'infinity'", "infinite"),
        ("time", "'24:00'", "24:00"),
    ] {
        let error = values(data_type, &[value]).unwrap_err();
        assert!(error.contains(word) && error.contains("data_type = \"text\""), "{error}");
        let as_text = json!({"columns": {"v": {"data_type": "text"}}});
        assert_eq!(read(data_type, &[value], &as_text).unwrap().len(), 1);
    }
    let as_text = json!({"columns": {"v": {"data_type": "text"}}});
    assert_eq!(read("timestamp", &["'4713-01-01 BC'"], &as_text).unwrap(), [json!("4713-01-01 00:00:00 BC")]);
}
