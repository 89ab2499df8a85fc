//! Whole loads at the stand-in: every type, files in a bucket, what is refused, two machines, a check-up.

use std::fs;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, StringArray,
    Time64MicrosecondArray, TimestampMicrosecondArray,
};
use cartage_destinations_api::{
    Destination, ErrorKind, FileFormat, FilePlace, JobFile, JobOutcome, LoadCommit, LoadPlan, LoadStatus,
    Outcome, Result, StagedAccess, check_connection,
};
use cartage_destinations_sql::testing::{items_plan, write_parquet};
use cartage_destinations_sql::{SqlEngine as _, SqlSession as _};
use cartage_destinations_warehouse::bigquery::BigQuery;
use cartage_schema::{Column, DataType};
use cartage_test_support::bigquery::shared;
use cartage_test_support::postgres::unique;
use serde_json::json;
use tempfile::TempDir;

use super::util::connect;

/// A load of `items`, with files of the names `1` and `2`.
fn plan(load_id: &str, columns: impl IntoIterator<Item = Column>) -> LoadPlan {
    items_plan(load_id, columns, &["1", "2"])
}

/// Runs the job of this name.
fn load(
    bigquery: &BigQuery,
    plan: &LoadPlan,
    name: &str,
    columns: Vec<(&str, ArrayRef)>,
) -> Result<JobOutcome> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("file.parquet");
    write_parquet(&path, columns);
    bigquery.open_job(plan, &JobFile::new(name, "items", path, FileFormat::Parquet))?.run()
}

fn numbers(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn texts(value: &str) -> ArrayRef {
    Arc::new(StringArray::from(vec![value]))
}

fn ids() -> [Column; 1] {
    [Column::typed("id", DataType::Bigint, false)]
}

#[test]
fn values_of_every_type_have_their_column_and_come_back() {
    let decimal = |value: i128, digits, scale| -> ArrayRef {
        Arc::new(Decimal128Array::from(vec![value]).with_precision_and_scale(digits, scale).unwrap())
    };
    let moment = TimestampMicrosecondArray::from(vec![1_704_164_645_678_901]).with_timezone("UTC");
    let samples: Vec<(DataType, ArrayRef, &str, &str)> = vec![
        (DataType::Text, texts("it's \u{1F600}\n\\ `x`"), "STRING", "it's \u{1F600}\n\\ `x`"),
        (DataType::Double, Arc::new(Float64Array::from(vec![5e-324])), "FLOAT64", "5e-324"),
        (DataType::Bool, Arc::new(BooleanArray::from(vec![true])), "BOOL", "1"),
        (DataType::Bigint, numbers(&[i64::MIN]), "INT64", "-9223372036854775808"),
        (DataType::Binary, Arc::new(BinaryArray::from(vec![&[0_u8, 255][..]])), "BYTES", "\\x00ff"),
        (DataType::Decimal, decimal(-12_500_000_000, 38, 9), "NUMERIC", "-12.5"),
        (DataType::Timestamp, Arc::new(moment), "TIMESTAMP", "2024-01-02 03:04:05.678901+00:00"),
        (DataType::Date, Arc::new(Date32Array::from(vec![-719_162])), "DATE", "0001-01-01"),
        (
            DataType::Time,
            Arc::new(Time64MicrosecondArray::from(vec![3_723_456_789])),
            "TIME",
            "01:02:03.456789",
        ),
        // The stand-in tells another type than it has.
        (DataType::Json, texts(r#"{"a":[1,2.5,null]}"#), "STRING", r#"{"a":[1,2.5,null]}"#),
    ];
    let names: Vec<String> = (0..samples.len()).map(|nth| format!("c{nth}")).collect();
    let columns =
        names.iter().zip(&samples).map(|(name, (data_type, ..))| Column::typed(name, *data_type, true));
    let (bigquery, plan) = (connect(&unique("types"), &json!({})), plan("1700000000.5", columns));
    bigquery.prepare_load(&plan).unwrap();
    // In another order than the table has, and a file that lacks all but one.
    let arrays =
        names.iter().zip(&samples).rev().map(|(name, (_, array, ..))| (name.as_str(), Arc::clone(array)));
    assert_eq!(load(&bigquery, &plan, "1", arrays.collect()).unwrap(), JobOutcome::Done { rows: 1 });
    assert_eq!(
        load(&bigquery, &plan, "2", vec![("c0", texts("alone"))]).unwrap(),
        JobOutcome::Done { rows: 1 }
    );
    assert_eq!(load(&bigquery, &plan, "2", vec![("c0", texts("alone"))]).unwrap(), JobOutcome::DoneBefore);
    bigquery.complete_load(&LoadCommit::of(&plan, 5)).unwrap();
    let reader = bigquery.reader().unwrap();
    let types = reader.columns("items").unwrap();
    let mut rows = reader.rows("items").unwrap();
    rows.sort_by_key(|row| row[0] == Some("alone".to_owned()));
    for (nth, (data_type, _, kind, value)) in samples.iter().enumerate() {
        assert!(types[nth].1.starts_with(kind), "{data_type:?}: {types:?}");
        let mut found = rows[0][nth].clone().unwrap();
        if *data_type == DataType::Decimal {
            found = found.trim_end_matches('0').to_owned();
        }
        assert_eq!(found, *value, "{data_type:?}");
        assert!(nth == 0 || rows[1][nth].is_none(), "{rows:?}");
    }
}

#[test]
fn a_file_in_a_bucket_is_loaded_from_there() {
    let (bigquery, plan) = (connect(&unique("bucket"), &json!({})), plan("1700000000.5", ids()));
    let bucket = unique("bucket");
    fs::create_dir_all(shared().buckets().join(&bucket)).unwrap();
    write_parquet(&shared().buckets().join(&bucket).join("1.parquet"), vec![("id", numbers(&[1, 2]))]);
    bigquery.prepare_load(&plan).unwrap();
    let place = FilePlace::Staged { url: format!("gs://{bucket}/1.parquet"), access: StagedAccess::Own };
    let job = JobFile::new("1", "items", "/nowhere", FileFormat::Parquet).at(place).with_size(2, 100);
    assert_eq!(bigquery.open_job(&plan, &job).unwrap().run().unwrap(), JobOutcome::Done { rows: 2 });
    bigquery.complete_load(&LoadCommit::of(&plan, 5)).unwrap();
    assert_eq!(bigquery.reader().unwrap().count("items").unwrap(), 2);
}

#[test]
fn what_does_not_fit_is_refused_and_nothing_of_its_file_is_left() {
    let columns =
        [Column::typed("id", DataType::Bigint, false), Column::typed("document", DataType::Json, true)];
    let (bigquery, plan) = (connect(&unique("refused"), &json!({})), plan("1700000000.5", columns));
    bigquery.prepare_load(&plan).unwrap();
    let nulls: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
    for columns in [vec![("id", nulls)], vec![("id", numbers(&[1])), ("document", texts("{"))]] {
        let error = load(&bigquery, &plan, "1", columns).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Terminal, "{error}");
        assert!(error.remedy().is_some(), "{error:?}");
        assert_eq!(bigquery.reader().unwrap().count("items").unwrap(), 0);
    }
    // The job may be tried again with other rows.
    assert_eq!(
        load(&bigquery, &plan, "1", vec![("id", numbers(&[1]))]).unwrap(),
        JobOutcome::Done { rows: 1 }
    );
}

#[test]
fn of_two_machines_the_later_one_takes_over_and_the_earlier_one_adds_nothing() {
    let dataset = unique("machines");
    let (first, second) = (connect(&dataset, &json!({})), connect(&dataset, &json!({})));
    let columns = || [ids(), [Column::typed("_dlt_load_id", DataType::Text, true)]].concat();
    let (older, newer) = (plan("1700000000.5", columns()), plan("1700000001.5", columns()));
    let rows = |plan: &LoadPlan, id| vec![("id", numbers(&[id])), ("_dlt_load_id", texts(&plan.key.load_id))];
    first.prepare_load(&older).unwrap();
    load(&first, &older, "1", rows(&older, 1)).unwrap();
    assert_eq!(first.load_status(&older.key).unwrap(), LoadStatus::Started);
    second.prepare_load(&newer).unwrap();
    let error = load(&first, &older, "2", rows(&older, 2)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    let error = first.complete_load(&LoadCommit::of(&older, 5)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    load(&second, &newer, "1", rows(&newer, 3)).unwrap();
    second.complete_load(&LoadCommit::of(&newer, 6)).unwrap();
    assert_eq!(second.reader().unwrap().count("items").unwrap(), 1);
    assert_eq!(second.reader().unwrap().count("_dlt_loads").unwrap(), 1);
}

#[test]
fn concurrent_jobs_take_turns_at_the_ledger() {
    let dataset = unique("turns");
    let columns = ids();
    let bigquery = connect(&dataset, &json!({}));
    let mut plan = plan("1700000000.5", columns);
    plan.jobs = (0..8).map(|nth| nth.to_string()).collect();
    bigquery.prepare_load(&plan).unwrap();
    std::thread::scope(|threads| {
        for name in &plan.jobs {
            let (bigquery, plan) = (&bigquery, &plan);
            threads.spawn(move || load(bigquery, plan, name, vec![("id", numbers(&[1, 2]))]).unwrap());
        }
    });
    bigquery.complete_load(&LoadCommit::of(&plan, 5)).unwrap();
    assert_eq!(bigquery.reader().unwrap().count("items").unwrap(), 16);
}

#[test]
fn a_check_up_finds_what_a_load_needs_and_leaves_nothing() {
    let dataset = unique("check");
    let bigquery = connect(&dataset, &json!({}));
    let found = check_connection(&bigquery);
    assert!(
        found.failure.is_none() && found.steps.iter().all(|step| step.outcome == Outcome::Ok),
        "{found:?}"
    );
    assert!(found.steps[0].detail.contains("project cartage-test"), "{found:?}");
    let session = bigquery.engine().session().unwrap();
    assert!(!session.has_dataset(&dataset).unwrap());
}
