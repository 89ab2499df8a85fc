//! Values of every type, and names that need care: what comes back is what was loaded.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cartage_schema::{Column, DataType, Schema};
use cartage_values::Decimal;
use serde_json::{Value, json};

use super::Make;
use super::fixture::{Place, bumped, item, object, plan_of, schema};
use crate::error::ErrorKind;
use crate::files::FileFormat;
use crate::plan::LoadPlan;

/// A column, and values of it in the form that JSON has for them.
struct Sample {
    column: Column,
    values: Vec<Value>,
}

fn sample(name: &str, data_type: DataType, values: impl IntoIterator<Item = Value>) -> Sample {
    Sample { column: Column::typed(name, data_type, true), values: values.into_iter().collect() }
}

fn precise(mut sample: Sample, precision: u32, scale: Option<u32>) -> Sample {
    sample.column.precision = Some(precision);
    sample.column.scale = scale;
    sample
}

/// Every type with its extremes, and with what breaks those who quote or escape by hand.
fn samples((first, last): (u16, u16)) -> Vec<Sample> {
    let texts =
        ["", " ", "it's \"x\"", "a\tb\nc\r\n", "\\N \\x00 \\", "\u{1F600} \u{e4}\u{301} \u{202e}", "NULL"];
    let texts = texts.into_iter().map(Value::from).chain(["long ".repeat(200_000).into()]);
    let mut naive = sample("naive", DataType::Timestamp, [json!("2024-02-29T23:59:59.000001")]);
    naive.column.timezone = Some(false);
    vec![
        sample("text", DataType::Text, texts),
        sample("number", DataType::Bigint, [json!(i64::MIN), json!(i64::MAX), json!(0)]),
        precise(sample("small", DataType::Bigint, [json!(-300), json!(300)]), 16, None),
        sample("double", DataType::Double, [json!(f64::MAX), json!(5e-324), json!(-0.1), json!(1e300)]),
        sample("boolean", DataType::Bool, [json!(true), json!(false)]),
        sample(
            "moment",
            DataType::Timestamp,
            [
                json!("2024-01-02T05:04:05.678901+02:00"),
                json!(format!("{first:04}-01-01T00:00:00Z")),
                json!(format!("{last}-12-31T23:59:59.999999Z")),
            ],
        ),
        precise(sample("millis", DataType::Timestamp, [json!("2024-01-02T03:04:05.678Z")]), 3, None),
        naive,
        sample(
            "day",
            DataType::Date,
            [json!(format!("{first:04}-01-01")), json!("2024-02-29"), json!(format!("{last}-12-31"))],
        ),
        sample("hour", DataType::Time, [json!("00:00:00"), json!("23:59:59.999999")]),
        sample(
            "amount",
            DataType::Decimal,
            ["-99999999999999999999999999999.999999999", "0.000000001", "12.5", "0"].map(Value::from),
        ),
        precise(sample("price", DataType::Decimal, [json!("-123456789.125")]), 12, Some(3)),
        sample("bytes", DataType::Binary, [json!(STANDARD.encode([1, 0, 255])), json!("")]),
        sample(
            "document",
            DataType::Json,
            [json!({"b": [1, 2.5, null], "a": {"": "\u{e9} \" \\"}}), json!([]), json!("text")],
        ),
    ]
}

/// `items` with these columns beside its own.
fn with_columns<'a>(columns: impl IntoIterator<Item = &'a Column>) -> Schema {
    let mut schema = schema();
    for column in columns {
        schema.tables["items"].columns.insert(column.name.clone(), column.clone());
    }
    bumped(schema)
}

fn row(id: i64, plan: &LoadPlan, name: &str, value: Value) -> Value {
    let mut row = item(id, plan);
    row[name] = value;
    row
}

pub(super) fn values_of_every_type_come_back(make: Make<'_>) {
    let place = Place::new(make);
    let samples = samples(place.destination.capabilities().values.years);
    let schema = with_columns(samples.iter().map(|sample| &sample.column));
    let plan = plan_of("a", 1, &schema);
    let mut rows = Vec::new();
    for sample in &samples {
        for value in &sample.values {
            rows.push(row(rows.len() as i64, &plan, &sample.column.name, value.clone()));
        }
    }
    place.load(&plan, &[("items", rows)]);
    for Sample { column, values } in &samples {
        let name = &column.name;
        let Some(found) = values_of(&place, column) else { return };
        let mut wanted: Vec<String> = values.iter().map(|value| canonical(column, &plain(value))).collect();
        wanted.sort();
        let short = |texts: &[String]| -> Vec<String> {
            texts.iter().map(|text| text.chars().take(80).collect()).collect()
        };
        assert!(found == wanted, "{name}: found {:?}, wanted {:?}", short(&found), short(&wanted));
    }
}

pub(super) fn days_and_moments_beyond_the_years_are_refused(make: Make<'_>) {
    let (first, last) = make().capabilities().values.years;
    for (name, data_type, end) in [("moment", DataType::Timestamp, "T00:00:00Z"), ("day", DataType::Date, "")]
    {
        let beyond = [(first > 1).then(|| first - 1), (last < 9999).then(|| last + 1)];
        for year in beyond.into_iter().flatten() {
            let place = Place::new(make);
            let column = Column::typed(name, data_type, true);
            let plan = plan_of("a", 1, &with_columns([&column]));
            let rows = [row(0, &plan, name, json!(format!("{year:04}-06-01{end}")))];
            place.destination.prepare_load(&plan).expect("the load can be prepared");
            let job = place.file(&plan.schema, "items", &plan.key.load_id.replace('.', ""), &rows);
            let error = place.run(&plan, &job).expect_err("the value is refused");
            assert_eq!(error.kind(), ErrorKind::Terminal, "{error}");
            assert!(error.to_string().contains(name) && error.remedy().is_some(), "{error:?}");
            place.expect_values("items", name, &[], "a refused file");
        }
    }
}

pub(super) fn numbers_that_are_none_come_back_or_are_refused(make: Make<'_>) {
    let place = Place::new(make);
    // JSON has no words for them.
    if place.destination.capabilities().files.preferred_format != FileFormat::Parquet {
        return;
    }
    let column = Column::typed("double", DataType::Double, true);
    let plan = plan_of("a", 1, &with_columns([&column]));
    let words = ["NaN", "Infinity", "-Infinity"];
    let rows: Vec<Value> =
        words.iter().zip(0..).map(|(word, id)| row(id, &plan, "double", (*word).into())).collect();
    place.destination.prepare_load(&plan).expect("the load can be prepared");
    let job = place.file(&plan.schema, "items", &plan.key.load_id.replace('.', ""), &rows);
    if let Err(error) = place.run(&plan, &job) {
        assert_eq!(error.kind(), ErrorKind::Terminal, "{error}");
        assert!(error.to_string().contains("column double") && error.remedy().is_some(), "{error:?}");
        place.expect_values("items", "double", &[], "a refused file");
        return;
    }
    place.commit(&plan);
    let Some(found) = values_of(&place, &column) else { return };
    assert_eq!(found, ["-inf", "NaN", "inf"]);
}

pub(super) fn names_with_any_characters_are_kept_apart(make: Make<'_>) {
    let place = Place::new(make);
    let long = "long_".repeat(12);
    let names =
        ["select", "we\"ird na'me", "gr\u{f6}\u{df}e \u{65e5}\u{672c}", "UPPER", "upper_", long.as_str()];
    let columns = names.map(|name| Column::typed(name, DataType::Text, true));
    let plan = plan_of("a", 1, &with_columns(&columns));
    let rows = names.iter().zip(0..).map(|(name, id)| row(id, &plan, name, (*name).into())).collect();
    place.load(&plan, &[("items", rows)]);
    for column in &columns {
        let Some(found) = values_of(&place, column) else { return };
        assert_eq!(found, [column.name.as_str()], "the column {} has the value of its row", column.name);
    }
}

pub(super) fn rows_of_an_older_schema_stand_beside_those_of_a_newer_one(make: Make<'_>) {
    let place = Place::new(make);
    let older = plan_of("a", 1, &schema());
    place.load(&older, &[("items", vec![item(0, &older)])]);
    let samples = samples(place.destination.capabilities().values.years);
    let newer = plan_of("a", 2, &with_columns(samples.iter().map(|sample| &sample.column)));
    let mut whole = item(1, &newer);
    for Sample { column, values } in &samples {
        whole[&column.name] = values[0].clone();
    }
    place.load(&newer, &[("items", vec![whole])]);
    place.expect_values("items", "id", &["0", "1"], "rows of both schemas");
    for Sample { column, values } in &samples {
        let Some(found) = values_of(&place, column) else { return };
        let wanted = [canonical(column, &plain(&values[0]))];
        assert_eq!(found, wanted, "{}: the older row has none", column.name);
    }
    // A schema that is older again, from another machine, takes nothing away.
    let last = plan_of("b", 3, &schema());
    place.load(
        &last,
        &[("items", vec![object([("id", 2.into()), ("_dlt_load_id", "x".into()), ("_dlt_id", "y".into())])])],
    );
    place.expect_values("items", "id", &["0", "1", "2"], "rows of all schemas");
}

/// The values of a column that are there, in canonical form and order.
fn values_of(place: &Place, column: &Column) -> Option<Vec<String>> {
    let capabilities = place.destination.capabilities();
    let wanted = capabilities.fold(&column.name);
    let cell =
        |row: Vec<(String, String)>| row.into_iter().find(|(name, _)| capabilities.fold(name) == wanted);
    let mut found: Vec<String> =
        place.rows("items")?.into_iter().filter_map(cell).map(|(_, text)| canonical(column, &text)).collect();
    found.sort();
    Some(found)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// One text for all the ways in which destinations write a value.
fn canonical(column: &Column, text: &str) -> String {
    match column.data_type {
        Some(DataType::Bool) => matches!(text, "t" | "true" | "True" | "1").to_string(),
        Some(DataType::Double) => format!("{:?}", text.parse::<f64>().unwrap_or(f64::NAN)),
        Some(DataType::Decimal) => number(text),
        Some(DataType::Time) => without_zeros(text),
        Some(DataType::Timestamp) => moment(text),
        Some(DataType::Binary) => bytes(text),
        Some(DataType::Json) => document(text),
        _ => text.to_owned(),
    }
}

/// A decimal as the number of its smallest units.
fn number(text: &str) -> String {
    let number = Decimal::parse(text).and_then(|decimal| decimal.to_exact_i128(38, 9).ok());
    number.map_or_else(|| text.to_owned(), |number| number.to_string())
}

/// A document with its keys in order, which not every database keeps.
fn document(text: &str) -> String {
    let mut document = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    document.sort_all_objects();
    document.to_string()
}

/// Without zeros at the end of a fraction.
fn without_zeros(text: &str) -> String {
    if !text.contains('.') {
        return text.to_owned();
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A timestamp in UTC. Destinations show timestamps in UTC; only the samples have another zone.
fn moment(text: &str) -> String {
    if let Some((local, "+02:00")) = text.split_at_checked(text.len().saturating_sub(6)) {
        return moment(&local.replace("T05:", "T03:"));
    }
    let local = ["Z", "+00:00", "+00"].iter().find_map(|zone| text.strip_suffix(zone)).unwrap_or(text);
    without_zeros(&local.replace(' ', "T"))
}

/// Bytes in hexadecimal digits.
fn bytes(text: &str) -> String {
    let digits = text.replace("\\x", "").to_lowercase();
    if digits.len().is_multiple_of(2) && digits.chars().all(|digit| digit.is_ascii_hexdigit()) {
        return digits;
    }
    let bytes = STANDARD.decode(text).unwrap_or_default();
    bytes.iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"))
}
