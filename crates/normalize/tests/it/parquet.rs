//! Parquet files in extracted packages.

use std::collections::BTreeMap;
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use arrow::array::{
    ArrayRef, Date32Array, Decimal128Array, Float64Array, Int64Array, ListBuilder, NullArray, RecordBatch,
    StringArray, StringBuilder, StructArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray, UInt8Array, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Fields, Schema as ArrowSchema};
use cartage_data_files::parquet::{FileWriter, Layout, LayoutOptions};
use cartage_normalize::{CurrentContracts, NormalizeError};
use cartage_package_store::{
    FileDraft, FileFormat, Folder, JobFileName, JobState, LoadId, ManifestDraft, Wait,
};
use cartage_runtime::Stage;
use cartage_schema::{Column, DataType as Type, NamingKind, Schema, Table};
use serde_json::{Value, json};

use crate::harness::Pipeline;

fn extract(pipeline: &Pipeline, columns: Vec<(Field, ArrayRef)>, hints: &[Column]) -> LoadId {
    extract_files(pipeline, vec![columns], hints)
}

/// An extracted package with a Parquet file of the table `items` for each list of columns.
pub(crate) fn extract_files(
    pipeline: &Pipeline,
    files: Vec<Vec<(Field, ArrayRef)>>,
    hints: &[Column],
) -> LoadId {
    let mut schema = Schema::new("test", NamingKind::SnakeCase).unwrap();
    let table = hints.iter().cloned().fold(Table::root("items", "items"), Table::with_column);
    schema.tables.insert("items".to_owned(), table);
    schema.bump();

    let store = &pipeline.temp.store;
    let lock = store.lock(Stage::Extract, Wait::Fail).unwrap();
    let load_id = store.next_load_id(1_795_152_758_208_462).unwrap();
    let staged = store.stage(&lock, load_id.clone(), 1).unwrap();
    let mut drafts = Vec::new();
    for (index, columns) in files.into_iter().enumerate() {
        let name = JobFileName::new("items", &format!("{index:02}"), FileFormat::Parquet, None).unwrap();
        let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns.into_iter().unzip();
        let rows = arrays[0].len();
        let layout = Layout::new(Arc::new(ArrowSchema::new(fields)), &LayoutOptions::default()).unwrap();
        let path = staged.job_path(&name);
        if layout.schema().fields().iter().any(|field| !field.metadata().is_empty()) {
            // As extract writes them, with what Arrow says of its fields.
            let batch = RecordBatch::try_new(Arc::clone(layout.schema()), arrays).unwrap();
            let output = std::fs::File::create(path).unwrap();
            let mut writer = ArrowWriter::try_new(output, batch.schema(), None).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
        } else {
            let mut writer = FileWriter::create(&path, &layout).unwrap();
            writer.append(layout.encode(&[(rows, arrays.into_iter().map(Some).collect())]).unwrap()).unwrap();
            writer.finish().unwrap();
        }
        drafts.push(FileDraft { rows: rows as u64, ..FileDraft::new(name, "items") });
    }
    staged.write_schema(&schema.to_json()).unwrap();
    let draft = ManifestDraft { schema_name: "test".to_owned(), files: drafts, ..ManifestDraft::default() };
    staged.seal(draft).unwrap().publish(Folder::Extracted).unwrap();
    load_id
}

fn ids() -> (Field, ArrayRef) {
    (Field::new("id", DataType::Int64, false), Arc::new(Int64Array::from(vec![1, 2])))
}

#[test]
fn a_file_that_fits_becomes_a_job_file_byte_for_byte() {
    let pipeline = Pipeline::new();
    let names: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None]));
    let load_id = extract(&pipeline, vec![ids(), (Field::new("name", DataType::Utf8, true), names)], &[]);
    let package = pipeline.temp.store.open_package(Folder::Extracted, &load_id).unwrap();
    let before = std::fs::read(package.job_path(JobState::New, &package.manifest().files[0].name)).unwrap();
    let report = pipeline.normalize(&load_id, None).unwrap();
    assert_eq!(report.rows["items"], 2);
    let package = pipeline.package(&load_id);
    let after = std::fs::read(package.job_path(JobState::New, &package.manifest().files[0].name)).unwrap();
    assert!(before == after);
    let columns: Vec<(String, Option<Type>, bool)> = pipeline.schema(&load_id).tables["items"]
        .columns
        .values()
        .map(|column| (column.name.clone(), column.data_type, column.is_nullable()))
        .collect();
    let expected = [("id", Type::Bigint, false), ("name", Type::Text, true)];
    assert_eq!(
        columns,
        expected.map(|(name, data_type, nullable)| (name.to_owned(), Some(data_type), nullable))
    );
}

#[test]
fn names_nested_values_and_hinted_types_make_a_file_be_written_again() {
    let pipeline = Pipeline::new();
    let mut tags = ListBuilder::new(StringBuilder::new());
    tags.values().append_value("x");
    tags.append(true);
    tags.append(false);
    let tags: ArrayRef = Arc::new(tags.finish());
    let inner = Fields::from(vec![Field::new("N", DataType::Int64, true)]);
    let point: ArrayRef =
        Arc::new(StructArray::new(inner, vec![Arc::new(Int64Array::from(vec![None, Some(7)]))], None));
    let amounts: ArrayRef = Arc::new(StringArray::from(vec!["1.5", "2"]));
    let nothing: ArrayRef = Arc::new(NullArray::new(2));
    let naive: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![0, 1]));
    let hint = Column { scale: Some(2), ..Column::typed("amount", Type::Decimal, true) };
    let load_id = extract(
        &pipeline,
        vec![
            ids(),
            (Field::new("someTags", tags.data_type().clone(), true), tags),
            (Field::new("Point", point.data_type().clone(), true), point),
            (Field::new("amount", DataType::Utf8, true), amounts),
            (Field::new("Nothing", DataType::Null, true), nothing),
            (Field::new("at", naive.data_type().clone(), true), naive),
        ],
        &[hint],
    );
    let report = pipeline.normalize(&load_id, None).unwrap();
    assert_eq!(report.null_columns["items"], ["nothing"]);
    let rows = &pipeline.tables(&load_id)["items"].rows;
    let texts: Vec<_> = rows.iter().map(|row| (&row["some_tags"], &row["point"], &row["amount"])).collect();
    assert_eq!(
        texts,
        [
            (&json!("[\"x\"]"), &json!("{\"N\":null}"), &json!("1.50")),
            (&json!(null), &json!("{\"N\":7}"), &json!("2.00")),
        ]
    );
    assert_eq!(rows[1]["at"], "1970-01-01T00:00:00.000001Z", "timestamps without zone are in UTC");
}

#[test]
fn texts_that_say_they_are_json_are_values_of_a_json_column() {
    let documents: ArrayRef = Arc::new(StringArray::from(vec![Some("{\"a\": [1.10]}"), None]));
    let json_field = || {
        let json = ("ARROW:extension:name".to_owned(), "arrow.json".to_owned());
        Field::new("doc", DataType::Utf8, true).with_metadata(std::collections::HashMap::from([json]))
    };
    for (hints, data_type) in [
        (vec![], Type::Json),
        (vec![Column::typed("doc", Type::Json, true)], Type::Json),
        (vec![Column::typed("doc", Type::Text, true)], Type::Text),
    ] {
        let pipeline = Pipeline::new();
        let load_id = extract(&pipeline, vec![ids(), (json_field(), Arc::clone(&documents))], &hints);
        pipeline.normalize(&load_id, None).unwrap();
        let columns = &pipeline.schema(&load_id).tables["items"].columns;
        assert_eq!(columns["doc"].data_type, Some(data_type));
        assert!(!columns.contains_key("doc__v_text"));
        let rows = &pipeline.tables(&load_id)["items"].rows;
        assert_eq!((&rows[0]["doc"], &rows[1]["doc"]), (&json!("{\"a\": [1.10]}"), &json!(null)));
    }
}

/// Normalizes one column into a table whose column has another type, and gives the rows.
fn into_column(known: Column, array: ArrayRef) -> Result<Vec<BTreeMap<String, Value>>, String> {
    let pipeline = Pipeline::new();
    let field = Field::new("v", array.data_type().clone(), true);
    let rows: ArrayRef = Arc::new(Int64Array::from_iter_values(0..array.len() as i64));
    let columns = vec![(Field::new("id", DataType::Int64, false), rows), (field, array)];
    let load_id = extract(&pipeline, columns, &[known]);
    pipeline.normalize(&load_id, None).map_err(|error| error.to_string())?;
    Ok(pipeline.tables(&load_id)["items"].rows.clone())
}

#[test]
fn a_value_that_its_column_cannot_hold_goes_to_a_variant_with_all_its_digits() {
    let bigint = || Column::typed("v", Type::Bigint, true);
    let rows = into_column(bigint(), Arc::new(StringArray::from(vec!["1", "007", "x"]))).unwrap();
    assert_eq!(
        (&rows[0]["v"], &rows[1]["v__v_text"], &rows[2]["v__v_text"]),
        (&json!(1), &json!("007"), &json!("x"))
    );
    let rows = into_column(bigint(), Arc::new(Float64Array::from(vec![5.0, 2.5]))).unwrap();
    assert_eq!((&rows[0]["v"], &rows[1]["v__v_double"]), (&json!(5), &json!(2.5)));
    let rows = into_column(bigint(), Arc::new(UInt64Array::from(vec![1, u64::MAX]))).unwrap();
    assert_eq!(
        (&rows[0]["v"], &rows[1]["v__v_decimal"]),
        (&json!(1), &json!("18446744073709551615.000000000"))
    );
    let double = Column::typed("v", Type::Double, true);
    let rows = into_column(double, Arc::new(Int64Array::from(vec![1, (1 << 53) + 1]))).unwrap();
    assert_eq!((&rows[0]["v"], &rows[1]["v__v_bigint"]), (&json!(1.0), &json!((1_i64 << 53) + 1)));
    let narrow = Column { precision: Some(32), ..bigint() };
    let rows = into_column(narrow, Arc::new(Int64Array::from(vec![5, 5_000_000_000]))).unwrap();
    assert_eq!((&rows[0]["v"], &rows[1]["v__v_bigint"]), (&json!(5), &json!(5_000_000_000_i64)));
    let day = Column::typed("v", Type::Date, true);
    let rows = into_column(day, Arc::new(TimestampMicrosecondArray::from(vec![0, 1]))).unwrap();
    assert_eq!(
        (&rows[0]["v"], &rows[1]["v__v_timestamp"]),
        (&json!("1970-01-01"), &json!("1970-01-01T00:00:00.000001Z"))
    );
    let cents = Column { precision: Some(10), scale: Some(2), ..Column::typed("v", Type::Decimal, true) };
    let decimals = Decimal128Array::from(vec![12_500, 12_345]).with_precision_and_scale(20, 4).unwrap();
    let rows = into_column(cents, Arc::new(decimals)).unwrap();
    assert_eq!((&rows[0]["v"], &rows[1]["v__v_decimal"]), (&json!("1.25"), &json!("1.234500000")));
    let boolean = Column::typed("v", Type::Bool, true);
    let rows = into_column(boolean, Arc::new(Int64Array::from(vec![5]))).unwrap();
    assert_eq!(rows[0]["v__v_bigint"], json!(5));
}

#[test]
fn moments_beyond_microseconds_are_kept_as_days_or_named_with_row_and_column() {
    let moment = Column::typed("v", Type::Timestamp, true);
    let rows = into_column(moment, Arc::new(Date32Array::from(vec![1, 2_000_000_000]))).unwrap();
    // Arrow has no text for a day of the year 5,477,702.
    assert_eq!((&rows[0]["v"], &rows[1]["v"]), (&json!("1970-01-02T00:00:00.000000Z"), &Value::Null));
    assert!(!rows[1]["v__v_date"].is_null());
    for far in [vec![0, i64::MAX / 1_000 + 1], vec![0, i64::MIN / 1_000 - 1]] {
        let array: ArrayRef = Arc::new(TimestampMillisecondArray::from(far));
        let error = into_column(Column::new("v"), array).unwrap_err();
        assert!(["row 2", "`v`", "outside the range"].iter().all(|words| error.contains(words)), "{error}");
    }
    let last: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![253_402_300_799_999]));
    let rows = into_column(Column::new("v"), last).unwrap();
    assert_eq!(rows[0]["v"], json!("9999-12-31T23:59:59.999000Z"));
}

#[test]
fn nanoseconds_and_absent_keys_are_named_with_row_and_column() {
    let nanos: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![1_000, 1_700_000_000_123_456_789]));
    let error = into_column(Column::new("v"), nanos).unwrap_err();
    for words in ["row 2", "`v`", "nanoseconds", "2023-11-14T22:13:20.123456789"] {
        assert!(error.contains(words), "{words}: {error}");
    }
    let key = Column { primary_key: Some(true), ..Column::typed("v", Type::Bigint, false) };
    let error = into_column(key, Arc::new(Int64Array::from(vec![Some(1), None]))).unwrap_err();
    assert!(error.contains("row 2") && error.contains("`v`") && error.contains("null"), "{error}");
}

#[test]
fn integers_without_sign_get_a_type_that_holds_them() {
    let pipeline = Pipeline::new();
    let small: ArrayRef = Arc::new(UInt8Array::from(vec![200]));
    let load_id = extract(&pipeline, vec![(Field::new("u", DataType::UInt8, true), small)], &[]);
    pipeline.normalize(&load_id, None).unwrap();
    assert_eq!(pipeline.schema(&load_id).tables["items"].columns["u"].precision, Some(16));
}

#[test]
fn names_that_become_one_are_refused_with_both_and_a_remedy() {
    let pipeline = Pipeline::new();
    let text = || -> ArrayRef { Arc::new(StringArray::from(vec!["x"])) };
    let columns = ["Col A", "col_a"].map(|name| (Field::new(name, DataType::Utf8, true), text()));
    let load_id = extract(&pipeline, columns.into(), &[]);
    let error = pipeline.normalize(&load_id, None).unwrap_err().to_string();
    assert!(
        error.contains("`Col A`") && error.contains("`col_a`") && error.contains("naming_convention"),
        "{error}"
    );
}

#[test]
fn nested_values_keep_their_digits_and_moments() {
    let hash: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX]));
    let at = TimestampMicrosecondArray::from(vec![1_700_000_000_000_000]).with_timezone("Europe/Paris");
    let at: ArrayRef = Arc::new(at);
    for (value, json) in [(hash, "18446744073709551615"), (at, "\"2023-11-14T22:13:20Z\"")] {
        let fields = Fields::from(vec![Field::new("x", value.data_type().clone(), true)]);
        let nested: ArrayRef = Arc::new(StructArray::new(fields, vec![value], None));
        let rows = into_column(Column::new("v"), nested).unwrap();
        assert_eq!(rows[0]["v"], json!(format!("{{\"x\":{json}}}")));
    }
}

#[test]
fn a_column_of_type_null_takes_nulls_of_the_type_that_its_column_has() {
    let known = Column::typed("v", Type::Bigint, true);
    let rows = into_column(known, Arc::new(NullArray::new(2))).unwrap();
    assert_eq!((rows.len(), &rows[1]["v"]), (2, &json!(null)));
}

/// A pipeline whose table `items` has `id` already, under a contract, and a file with another column.
fn under_contract(contract: Value) -> (Pipeline, LoadId) {
    let mut pipeline = Pipeline::new();
    pipeline.contracts = Some(CurrentContracts {
        tables: [("items".to_owned(), contract)].into(),
        quarantine: ["items".to_owned()].into(),
        ..CurrentContracts::default()
    });
    let color: ArrayRef = Arc::new(StringArray::from(vec![None, Some("red")]));
    let known = Column { primary_key: Some(true), ..Column::typed("id", Type::Bigint, false) };
    let columns = vec![ids(), (Field::new("Color", DataType::Utf8, true), color)];
    let load_id = extract(&pipeline, columns, &[known]);
    (pipeline, load_id)
}

fn kept(pipeline: &Pipeline, load_id: &LoadId) -> String {
    let package = pipeline.package(load_id);
    let files = &package.manifest().quarantine;
    files.iter().map(|file| std::fs::read_to_string(package.quarantine_path(&file.name)).unwrap()).collect()
}

#[test]
fn a_column_that_is_not_let_in_is_left_out_of_the_file_and_its_values_are_kept() {
    let (pipeline, load_id) = under_contract(json!({"columns": "discard_value"}));
    let report = pipeline.normalize(&load_id, None).unwrap();
    let discarded = &report.discards.list()[0];
    assert_eq!((discarded.column.as_deref(), discarded.rows, discarded.values), (Some("color"), 0, 1));
    assert_eq!(pipeline.tables(&load_id)["items"].columns, ["id"]);
    assert_eq!(report.rows["items"], 2);
    assert!(kept(&pipeline, &load_id).contains(r#""value":"\"red\"""#));
}

#[test]
fn rows_with_a_value_in_a_column_that_is_not_let_in_are_left_out() {
    let (pipeline, load_id) = under_contract(json!({"columns": "discard_row"}));
    let report = pipeline.normalize(&load_id, None).unwrap();
    assert_eq!((report.rows["items"], report.discards.list()[0].rows), (1, 1));
    let table = &pipeline.tables(&load_id)["items"];
    assert_eq!((table.rows.len(), &table.rows[0]["id"]), (1, &json!(1)));
    assert!(kept(&pipeline, &load_id).contains("red"));
}

#[test]
fn a_frozen_column_of_a_file_is_named_with_its_first_value() {
    let (pipeline, load_id) = under_contract(json!("freeze"));
    let error = pipeline.normalize(&load_id, None).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, NormalizeError::Contract(_)), "{text}");
    for words in ["resource `items`", "`color` (text)", "row 2", "\"red\""] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn rows_without_ids_are_refused_for_a_table_of_rows_with_ids() {
    let pipeline = Pipeline::new();
    let system = ["_dlt_load_id", "_dlt_id"].map(|name| Column::typed(name, Type::Text, false));
    let known = [&[Column::typed("id", Type::Bigint, true)], &system[..]].concat();
    let load_id = extract(&pipeline, vec![ids()], &known);
    let error = pipeline.normalize(&load_id, None).unwrap_err().to_string();
    assert!(error.contains("`_dlt_load_id`") && error.contains("`table_name`"), "{error}");
}
