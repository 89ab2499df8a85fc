//! Jobs that add rows.

use super::Make;
use super::fixture::{Place, item, object, plan_of, run_to_its_end, schema};
use crate::destination::{JobOutcome, LoadStatus};
use crate::error::ErrorKind;
use crate::files::{FileFormat, JobFile};
use crate::plan::TablePlan;

pub(super) fn appended_rows_are_there_with_nulls_for_absent_columns(make: Make<'_>) {
    let place = Place::new(make);
    let plan = plan_of("a", 1, &schema());
    place.load(&plan, &[("items", vec![item(1, &plan), item(2, &plan)])]);
    place.expect_values("items", "id", &["1", "2"], "appended");
    place.expect_values("items", "name", &["null", "null"], "appended");

    let second = plan_of("a", 2, &schema());
    place.load(&second, &[("items", vec![item(3, &second)]), ("items__tags", Vec::new())]);
    place.expect_values("items", "id", &["1", "2", "3"], "appended twice");
    place.expect_values("items__tags", "value", &[], "an empty file");
}

pub(super) fn a_job_that_is_repeated_after_its_commit_is_not_doubled(make: Make<'_>) {
    let place = Place::new(make);
    let plan = plan_of("a", 1, &schema());
    place.destination.prepare_load(&plan).expect("prepared");
    let job = place.file(&plan.schema, "items", "one", &[item(1, &plan)]);
    assert_eq!(place.run(&plan, &job).expect("the job runs"), JobOutcome::Done { rows: 1 });
    if !place.remembers() {
        return;
    }
    place.destination.prepare_load(&plan).expect("a resumed load is prepared again");
    assert_eq!(place.run(&plan, &job).expect("the job runs again"), JobOutcome::DoneBefore);
    place.expect_values("items", "id", &["1"], "the same job twice");

    if !place.destination.capabilities().guarantees.transactions {
        return;
    }
    // Another pipeline may use the same load id and the same file id in the same dataset.
    let other = plan_of("b", 1, &schema());
    place.destination.prepare_load(&other).expect("prepared");
    assert_eq!(place.run(&other, &job).expect("the job runs"), JobOutcome::Done { rows: 1 });
    place.expect_values("items", "id", &["1", "1"], "another pipeline's job");
}

pub(super) fn jobs_of_one_table_run_concurrently(make: Make<'_>) {
    let place = Place::new(make);
    let plan = plan_of("a", 1, &schema());
    place.destination.prepare_load(&plan).expect("prepared");
    let jobs: Vec<JobFile> =
        (0..8).map(|i| place.file(&plan.schema, "items", &format!("part{i}"), &[item(i, &plan)])).collect();
    let destination = &place.destination;
    std::thread::scope(|scope| {
        for job in &jobs {
            let plan = &plan;
            scope.spawn(move || run_to_its_end(|| destination.open_job(plan, job)).expect("the job runs"));
        }
    });
    place.commit(&plan);
    place.expect_values("items", "id", &["0", "1", "2", "3", "4", "5", "6", "7"], "concurrent jobs");
}

pub(super) fn a_failed_job_leaves_no_rows_and_can_be_repeated(make: Make<'_>) {
    let place = Place::new(make);
    let plan = plan_of("a", 1, &schema());
    place.destination.prepare_load(&plan).expect("prepared");
    if !place.remembers() || !place.destination.capabilities().guarantees.enforces_not_null {
        return;
    }
    let good = item(1, &plan);
    let bad = object([("id", 2.into())]);
    let job = place.file(&plan.schema, "items", "bad", &[good.clone(), bad]);
    let error = place.run(&plan, &job).expect_err("a null in a required column is refused");
    assert_eq!(error.kind(), ErrorKind::Terminal, "{error}");
    place.expect_values("items", "id", &[], "a failed job");

    let repaired = place.file(&plan.schema, "items", "bad", &[good]);
    assert_eq!(place.run(&plan, &repaired).expect("the job runs"), JobOutcome::Done { rows: 1 });
    assert_eq!(place.destination.load_status(&plan.key).expect("status"), LoadStatus::Started);
}

pub(super) fn jobs_that_the_plan_does_not_know_are_refused(make: Make<'_>) {
    let place = Place::new(make);
    let mut plan = plan_of("a", 1, &schema());
    plan.tables.retain(|table: &TablePlan| table.name != "items__tags");
    place.destination.prepare_load(&plan).expect("prepared");
    let job = place.file(&plan.schema, "items__tags", "one", &[]);
    let error = place.destination.open_job(&plan, &job).err().expect("a table outside the plan is refused");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("items__tags"), "{error}");
}

pub(super) fn formats_that_cannot_be_loaded_are_refused(make: Make<'_>) {
    let place = Place::new(make);
    let plan = plan_of("a", 1, &schema());
    place.destination.prepare_load(&plan).expect("prepared");
    let supported = &place.destination.capabilities().files.supported_formats;
    for format in [FileFormat::Parquet, FileFormat::Jsonl, FileFormat::Csv] {
        if supported.contains(&format) {
            continue;
        }
        let job = JobFile::new(format!("items.one.{format}"), "items", "nowhere", format);
        let error = place.destination.open_job(&plan, &job).err().expect("an unsupported format is refused");
        assert_eq!(error.kind(), ErrorKind::Invalid, "{format}");
    }
}
