//! Every type with values at its edges.

use serde_json::{Value, json};

use crate::support::Database;

/// The values of column `v` of a table of this type.
fn values(data_type: &str, values: &[&str]) -> Result<Vec<Value>, String> {
    read(data_type, values, &json!({}))
}

fn read(data_type: &str, values: &[&str], hints: &Value) -> Result<Vec<Value>, String> {
    let rows: Vec<String> = values.iter().enumerate().map(|(nr, value)| format!("({nr}, {value})")).collect();
    let database = Database::with(&format!(
        "CREATE TABLE t (nr int, v {data_type}); INSERT INTO t VALUES {}",
        rows.join(", ")
    ));
    let keys = json!({"included_columns": ["v"]});
    let of_table = database.rows("t", hints, &keys)?;
    let same = json!({"query": "SELECT v FROM t"});
    if hints == &json!({}) && !data_type.starts_with("json") {
        assert_eq!(database.rows("q", hints, &same)?, of_table, "{data_type} by a query");
    }
    Ok(of_table.into_iter().map(|mut row| row["v"].take()).collect())
}

/// Values without the marks of types.
fn shown(found: Vec<Value>) -> Vec<String> {
    let plain = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    found.into_iter().map(|value| plain(value).trim_matches(|c: char| c > '\u{e000}').to_owned()).collect()
}

fn as_text(data_type: &str, given: &[&str]) -> Vec<String> {
    shown(read(data_type, given, &json!({"columns": {"v": {"data_type": "text"}}})).unwrap())
}

/// What comes as text, or as JSON in a text.
fn texts(data_type: &str, given: &[&str], wanted: &[&str]) {
    let wanted: Vec<Value> = wanted.iter().map(|text| Value::from(*text)).collect();
    assert_eq!(values(data_type, given).unwrap(), wanted, "{data_type}");
}

#[test]
fn integers_and_floats_keep_their_edges_and_nulls() {
    for (data_type, least, most) in [
        ("tinyint(1)", "-128", "127"),
        ("tinyint unsigned", "0", "255"),
        ("smallint", "-32768", "32767"),
        ("mediumint unsigned", "0", "16777215"),
        ("int unsigned", "0", "4294967295"),
        ("bigint", "-9223372036854775808", "9223372036854775807"),
        ("year", "1901", "2155"),
        ("bit(1)", "b'0'", "b'1'"),
    ] {
        let found = values(data_type, &[least, most, "NULL"]).unwrap();
        let number = |text: &str| text.trim_matches(['b', '\'']).parse::<i64>().unwrap();
        assert_eq!(found, [json!(number(least)), json!(number(most)), json!(null)], "{data_type}");
    }
    assert_eq!(values("bit(10)", &["b'1000000001'"]).unwrap(), [json!(513)]);
    assert_eq!(
        values("float", &["1.1", "0.7", "3.4028235e38"]).unwrap(),
        [json!(1.1), json!(0.7), json!(3.402_823_5e38)]
    );
    assert_eq!(
        values("double", &["1e308", "-0.1", "5e-324"]).unwrap(),
        [json!(1e308), json!(-0.1), json!(5e-324)]
    );
    assert_eq!(as_text("float", &["1.1"]), ["1.100000023841858"]);
}

#[test]
fn unsigned_integers_keep_all_their_bits() {
    let most = "18446744073709551615";
    assert_eq!(shown(values("bigint unsigned", &[most, "NULL"]).unwrap()), [most, "null"]);
    assert_eq!(shown(values("bit(64)", &[most]).unwrap()), [most]);
    let wanted = json!({"columns": {"v": {"data_type": "bigint"}}});
    assert_eq!(read("bigint unsigned", &["7"], &wanted).unwrap(), [json!(7)]);
    let error = read("bigint unsigned", &[most], &wanted).unwrap_err();
    assert!(error.contains(most) && error.contains("column `v` (bigint(20) unsigned)"), "{error}");
    let wanted = json!({"columns": {"v": {"data_type": "bool"}}});
    assert_eq!(
        read("tinyint(1)", &["0", "1", "NULL"], &wanted).unwrap(),
        [json!(false), json!(true), json!(null)]
    );
    assert!(read("tinyint(1)", &["2"], &wanted).unwrap_err().contains("neither 0 nor 1"));
}

#[test]
fn decimals_are_exact_and_long_ones_text() {
    assert_eq!(
        shown(values("decimal(10, 2)", &["12345678.90", "-0.01", "NULL"]).unwrap()),
        ["12345678.90", "-0.01", "null"]
    );
    let nines = format!("{}.{}", "9".repeat(8), "9".repeat(30));
    assert_eq!(shown(values("decimal(38, 30)", &[&nines]).unwrap()), [nines]);
    let long = format!("-{}.{}", "9".repeat(35), "9".repeat(30));
    texts("decimal(65, 30)", &[&long], &[&long]);
    assert_eq!(as_text("decimal(5, 2)", &["1.5"]), ["1.50"]);
}

#[test]
fn texts_are_utf_8_whatever_the_column_is() {
    texts("text", &["''", "'a''b\u{1F600}\\\\'"], &["", "a'b\u{1F600}\\"]);
    texts("varchar(20) CHARACTER SET latin1", &["'größe'", "'€'"], &["größe", "€"]);
    texts("char(4) CHARACTER SET ucs2", &["'ab'"], &["ab"]);
    texts("enum('sad', 'o''k')", &["'o''k'", "''"], &["o'k", ""]);
    texts("set('a', 'b', 'c')", &["'c,a'", "''"], &["a,c", ""]);
    texts("inet6", &["'::1'"], &["::1"]);
    texts("uuid", &["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"], &["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]);
    texts(
        "json",
        &["'{\"a\":  1.10}'", "'99999999999999999999'"],
        &["{\"a\":  1.10}", "99999999999999999999"],
    );
}

#[test]
fn bytes_stay_bytes_and_empty_ones_empty() {
    let found = values("blob", &["''", "NULL", "X'00FF'"]).unwrap();
    assert_eq!(found[1], json!(null));
    assert!(found[0] != found[1] && found[0].as_str().is_some_and(|text| text.len() < 5), "{found:?}");
    assert_ne!(found[2], found[0]);
    assert!(shown(values("binary(3)", &["'a'"]).unwrap())[0].contains("YQAA"));
    assert_eq!(as_text("varbinary(9)", &["X'00FF'", "''"]), ["0x00FF", "0x"]);
}

#[test]
fn shapes_are_the_bytes_of_the_server_and_texts_if_wanted() {
    assert_eq!(as_text("point", &["POINT(1.1, -2)"]), ["POINT(1.1 -2)"]);
    let systems = ["ST_GeomFromText('POINT(0.1 2)', 4326)", "NULL"];
    assert_eq!(as_text("geometry", &systems), ["SRID=4326;POINT(0.1 2)", "null"]);
    // Four bytes of the reference system, then one for the order of bytes.
    assert!(shown(values("geometry", &systems).unwrap())[0].starts_with("5hAAAAEB"));
}

#[test]
fn times_are_whole_and_what_is_none_is_refused() {
    let of = |data_type: &str, given: &[&str]| shown(values(data_type, given).unwrap());
    assert_eq!(of("date", &["'9999-12-31'", "'0001-01-01'"]), ["9999-12-31", "0001-01-01"]);
    let found = of("datetime(6)", &["'2024-02-29 23:59:59.999999'", "'1000-01-01'"]);
    assert!(found[0].contains("2024-02-29") && found[0].contains("23:59:59.999999"), "{found:?}");
    assert!(of("time(6)", &["'23:59:59.999999'"])[0].contains("23:59:59.999999"));
    for (data_type, value, word) in [
        ("date", "'0000-00-00'", "0000-00-00"),
        ("datetime", "'2024-00-01 10:00:00'", "2024-00-01"),
        ("date", "'2023-02-30'", "2023-02-30"),
        ("timestamp NULL", "'0000-00-00'", "0000-00-00"),
        ("time", "'838:59:59'", "838:59:59"),
        ("time(1)", "'-12:30:00.5'", "-12:30:00.5"),
    ] {
        let error = values(data_type, &[value]).unwrap_err();
        assert!(error.contains("column `v`") && error.contains("data_type = \"text\""), "{error}");
        let found = as_text(data_type, &[value]);
        assert!(found[0].contains(word), "{found:?}");
    }
}

#[test]
fn timestamps_are_instants_whatever_the_zone_of_the_server_is() {
    let database = Database::with(
        "SET time_zone = '+05:00'; CREATE TABLE t (a timestamp(3) NULL, b datetime(3)); \
         INSERT INTO t VALUES ('2024-01-01 05:00:00.125', '2024-01-01 05:00:00.125')",
    );
    let rows = database.rows("t", &json!({}), &json!({})).unwrap();
    let of = |name: &str| rows[0][name].as_str().unwrap().to_owned();
    assert!(of("a").contains("2024-01-01T00:00:00.125"), "{rows:?}");
    assert!(of("b").contains("2024-01-01T05:00:00.125"), "{rows:?}");
    let text = json!({"columns": {"a": {"data_type": "text"}}});
    assert_eq!(database.rows("t", &text, &json!({})).unwrap()[0]["a"], "2024-01-01 00:00:00.125+00:00");
}
