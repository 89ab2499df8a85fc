//! Two machines that run the same pipeline: one commits, the other one fails, and none of its rows stay.

use cartage_schema::{MergeStrategy, ReplaceStrategy, Schema};

use super::Make;
use super::fixture::{Place, bumped, item, merging, plan_of, replacing, schema, state_row, tag};
use crate::destination::{Job, LoadCommit, LoadStatus};
use crate::error::{Error, ErrorKind};
use crate::plan::LoadPlan;
use crate::state_conflict::BaseState;
use crate::system::STATE_TABLE;

/// The schema with the keys that tell which rows hang on which.
fn linked() -> Schema {
    let mut schema = schema();
    schema.tables["items"].columns["_dlt_id"].row_key = Some(true);
    let tags = &mut schema.tables["items__tags"];
    tags.columns["_dlt_parent_id"].parent_key = Some(true);
    tags.columns["_dlt_id"].row_key = Some(true);
    bumped(schema)
}

/// The `number`-th load of pipeline `a`, extracted from this version of the state.
fn building_on(number: u32, version: u64) -> LoadPlan {
    let mut plan = plan_of("a", number, &linked());
    plan.base = match version {
        0 => BaseState::Nothing,
        version => BaseState::Known { version, hash: Some(format!("hash {version}")) },
    };
    plan
}

/// Loads the item `id` with version `version` of the state.
fn load(place: &Place, plan: &LoadPlan, id: i64, version: i64) {
    let state = state_row(plan, "a", version);
    place.load(plan, &[("items", vec![item(id, plan)]), (STATE_TABLE, vec![state])]);
}

#[track_caller]
fn is_conflict(result: Result<impl std::fmt::Debug, Error>) -> Error {
    let error = result.expect_err("another run committed first");
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert!(error.remedy().is_some(), "{error}");
    error
}

pub(super) fn a_load_from_an_older_state_is_refused_before_it_writes(make: Make<'_>) {
    let place = Place::new(make);
    if place.destination.state_sync().is_none() {
        return;
    }
    let theirs = building_on(1, 0);
    load(&place, &theirs, 1, 1);
    let tables = place.tables();

    let mut grown = linked();
    grown.tables.insert("more".to_owned(), {
        let mut table = grown.tables["items"].clone();
        "more".clone_into(&mut table.name);
        table
    });
    let mut late = plan_of("a", 2, &bumped(grown));
    late.base = BaseState::Nothing;
    late.tables.push(crate::plan::TablePlan::direct("more"));
    late.truncate = vec!["items".to_owned()];
    late.drop = vec!["items__tags".to_owned()];
    let error = is_conflict(place.destination.prepare_load(&late));
    assert!(error.to_string().contains(&theirs.key.load_id), "who moved it: {error}");
    assert!(error.to_string().contains("version 1"), "how far it is: {error}");
    assert_eq!(place.tables(), tables, "nothing is made and nothing dropped");
    place.expect_values("items", "id", &["1"], "nothing is emptied");
    assert_eq!(place.destination.load_status(&late.key).expect("status"), LoadStatus::New);

    let next = building_on(3, 1);
    load(&place, &next, 3, 2);
    place.expect_values("items", "id", &["1", "3"], "the right state is not a conflict");
}

pub(super) fn a_load_that_took_over_leaves_no_rows_of_the_other_one(make: Make<'_>) {
    let place = Place::new(make);
    if !place.remembers() {
        return;
    }
    let ours = building_on(1, 0);
    place.destination.prepare_load(&ours).expect("prepared");
    let rows = [("items", item(1, &ours)), ("items__tags", tag("x", 1, &ours))];
    for (table, row) in rows {
        let job = place.file(&ours.schema, table, "ours", &[row]);
        place.run(&ours, &job).expect("the job runs");
    }
    let late = place.file(&ours.schema, "items", "late", &[item(11, &ours)]);

    // Nested rows without those that they hang on, as a killed process leaves them.
    let orphans = building_on(2, 0);
    place.destination.prepare_load(&orphans).expect("the second load takes over");
    let job = place.file(&orphans.schema, "items__tags", "orphan", &[tag("y", 2, &orphans)]);
    place.run(&orphans, &job).expect("the job runs");

    let theirs = building_on(3, 0);
    place.load(
        &theirs,
        &[
            ("items", vec![item(3, &theirs)]),
            ("items__tags", vec![tag("z", 3, &theirs)]),
            (STATE_TABLE, vec![state_row(&theirs, "a", 1)]),
        ],
    );
    for beaten in [&ours, &orphans] {
        is_conflict(place.run(beaten, &late));
        is_conflict(place.destination.complete_load(&LoadCommit::of(beaten, beaten.now_micros + 1)));
        assert_eq!(place.destination.load_status(&beaten.key).expect("status"), LoadStatus::New);
    }
    place.expect_values("items", "id", &["3"], "one machine's rows");
    place.expect_values("items__tags", "value", &["z"], "one machine's rows");
}

pub(super) fn a_follow_up_of_a_load_that_was_taken_over_is_refused(make: Make<'_>) {
    let place = Place::new(make);
    let plan: &dyn Fn(u32) -> LoadPlan = if place.merges(MergeStrategy::DeleteInsert) {
        &|number| merging(building_on(number, 0), MergeStrategy::DeleteInsert)
    } else if place.offers(ReplaceStrategy::InsertFromStaging) {
        &|number| replacing(building_on(number, 0), ReplaceStrategy::InsertFromStaging)
    } else {
        return;
    };
    if !place.remembers() {
        return;
    }
    let ours = plan(1);
    place.destination.prepare_load(&ours).expect("prepared");
    let job = place.file(&ours.schema, "items", "ours", &[item(1, &ours)]);
    place.run(&ours, &job).expect("the job runs");

    let theirs = plan(2);
    place.load(&theirs, &[("items", vec![item(2, &theirs)])]);
    let staging = place.destination.staging().expect("there is staging");
    is_conflict(staging.open_follow_up(&ours, &ours.chains[0]).and_then(Job::run));
    is_conflict(place.run(&ours, &job));
    place.expect_values("items", "id", &["2"], "one machine's rows");
}

pub(super) fn a_commit_compares_the_state_once_more(make: Make<'_>) {
    let place = Place::new(make);
    if place.destination.state_sync().is_none() || !place.remembers() {
        return;
    }
    load(&place, &building_on(1, 0), 1, 1);
    let mut ours = building_on(2, 1);
    place.destination.prepare_load(&ours).expect("prepared");
    // What the destination has is not what this commit was told.
    ours.base = BaseState::Nothing;
    is_conflict(place.destination.complete_load(&LoadCommit::of(&ours, ours.now_micros + 1)));
    assert_eq!(place.destination.load_status(&ours.key).expect("status"), LoadStatus::Started);
}
