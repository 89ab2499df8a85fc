//! Jobs that run at the destination. Where none does, these are loads that are repeated and taken over.

use super::Make;
use super::fixture::{Place, item, plan_of, schema};
use crate::destination::{JobOutcome, LoadStatus};
use crate::error::ErrorKind;

pub(super) fn a_job_that_runs_is_asked_about_and_its_rows_come_once(make: Make<'_>) {
    let place = Place::new(make);
    if !place.remembers() {
        return;
    }
    let plan = plan_of("a", 1, &schema());
    place.destination.prepare_load(&plan).expect("prepared");
    let job = place.file(&plan.schema, "items", "one", &[item(1, &plan)]);
    let first = place.run_once(&plan, &job).expect("the job begins");
    assert_eq!(place.destination.load_status(&plan.key).expect("status"), LoadStatus::Started);
    // The process ends, and the next one prepares the same load.
    place.destination.prepare_load(&plan).expect("a resumed load is prepared again");
    if let JobOutcome::Running(handle) = first {
        place.expect_values("items", "id", &[], "a job that is running");
        match place.run_once(&plan, &job).expect("the job can be asked about") {
            JobOutcome::Running(later) => assert_eq!(later, handle, "it was submitted again"),
            outcome => assert_eq!(outcome, JobOutcome::Done { rows: 1 }),
        }
        place.run(&plan, &job).expect("it comes to an end");
    }
    assert_eq!(place.run(&plan, &job).expect("the job runs again"), JobOutcome::DoneBefore);
    place.expect_values("items", "id", &["1"], "a job that was asked about");
    place.commit(&plan);
    place.expect_values("items", "id", &["1"], "a load with a job that was asked about");
}

pub(super) fn a_job_that_runs_when_its_load_is_taken_over_leaves_no_rows(make: Make<'_>) {
    let place = Place::new(make);
    if !place.remembers() {
        return;
    }
    let (ours, theirs) = (plan_of("a", 1, &schema()), plan_of("a", 2, &schema()));
    place.destination.prepare_load(&ours).expect("prepared");
    let job = place.file(&ours.schema, "items", "ours", &[item(1, &ours)]);
    place.run_once(&ours, &job).expect("the job begins");

    place.load(&theirs, &[("items", vec![item(2, &theirs)])]);
    let error = place.run(&ours, &job).expect_err("another load has taken over");
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    place.expect_values("items", "id", &["2"], "one machine's rows");
}
