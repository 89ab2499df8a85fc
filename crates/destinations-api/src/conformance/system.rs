//! What is recorded about loads, schemas and state.

use super::Make;
use super::fixture::{Place, bumped, item, plan_of, schema, state_row};
use crate::destination::{LoadCommit, LoadStatus};
use crate::system::{LOADS_TABLE, STATE_TABLE, VERSION_TABLE};

pub(super) fn a_complete_load_is_recorded_once(make: Make<'_>) {
    let place = Place::new(make);
    let plan = plan_of("a", 1, &schema());
    place.load(&plan, &[("items", vec![item(1, &plan)])]);
    place
        .destination
        .complete_load(&LoadCommit::of(&plan, plan.now_micros + 9))
        .expect("completing can be repeated");
    if place.remembers() {
        assert_eq!(place.destination.load_status(&plan.key).expect("status"), LoadStatus::Complete);
    }
    place.expect_values(LOADS_TABLE, "load_id", &[&plan.key.load_id], "one row a load");
    place.expect_values(LOADS_TABLE, "schema_name", &["shop"], "one row a load");
    place.expect_values(LOADS_TABLE, "status", &["0"], "one row a load");
    let hash = plan.schema.version_hash.as_deref().expect("the schema has a hash");
    place.expect_values(LOADS_TABLE, "schema_version_hash", &[hash], "one row a load");
}

pub(super) fn a_load_is_started_once_something_was_done(make: Make<'_>) {
    let place = Place::new(make);
    let plan = plan_of("a", 1, &schema());
    assert_eq!(place.destination.load_status(&plan.key).expect("status"), LoadStatus::New);
    if !place.remembers() {
        return;
    }
    place.destination.prepare_load(&plan).expect("prepared");
    let job = place.file(&plan.schema, "items", "one", &[item(1, &plan)]);
    place.run(&plan, &job).expect("the job runs");
    assert_eq!(place.destination.load_status(&plan.key).expect("status"), LoadStatus::Started);
    assert_eq!(
        place.destination.load_status(&plan_of("b", 1, &schema()).key).expect("status"),
        LoadStatus::New
    );
    place.expect_values(LOADS_TABLE, "load_id", &[], "not recorded before the commit");
}

pub(super) fn a_schema_version_is_stored_once(make: Make<'_>) {
    let place = Place::new(make);
    let mut schema = schema();
    for number in [1, 2] {
        let plan = plan_of("a", number, &schema);
        place.load(&plan, &[("items", vec![item(1, &plan)])]);
    }
    let Some(rows) = place.rows(VERSION_TABLE) else { return };
    assert_eq!(rows.len(), 1, "{rows:?}");

    schema.tables["items"].description = Some("changed".to_owned());
    let plan = plan_of("a", 3, &bumped(schema));
    place.load(&plan, &[]);
    assert_eq!(place.rows(VERSION_TABLE).expect("readable").len(), 2, "a changed schema is another version");
}

pub(super) fn the_newest_state_of_complete_loads_comes_back(make: Make<'_>) {
    let place = Place::new(make);
    let Some(sync) = place.destination.state_sync() else { return };
    for (number, version) in [(1, 1), (2, 2)] {
        let plan = plan_of("a", number, &schema());
        place.load(&plan, &[(STATE_TABLE, vec![state_row(&plan, "a", version)])]);
    }
    let other = plan_of("b", 3, &schema());
    place.load(&other, &[(STATE_TABLE, vec![state_row(&other, "b", 9)])]);
    // Loaded, but not complete: it must not be seen.
    let unfinished = plan_of("a", 4, &schema());
    place.destination.prepare_load(&unfinished).expect("prepared");
    let job = place.file(&unfinished.schema, STATE_TABLE, "state", &[state_row(&unfinished, "a", 3)]);
    place.run(&unfinished, &job).expect("the job runs");

    let newest = sync.newest_state("a").expect("the state can be read").expect("there is a state");
    assert_eq!((newest.version, newest.encoded.as_str()), (2, "state 2"));
    assert_eq!(newest.version_hash.as_deref(), Some("hash 2"));
    assert_eq!(newest.load_id, plan_of("a", 2, &schema()).key.load_id);
    assert_eq!(sync.newest_state("nobody").expect("the state can be read"), None);
}

pub(super) fn stored_schemas_come_back_by_name_and_hash(make: Make<'_>) {
    let place = Place::new(make);
    let Some(sync) = place.destination.state_sync() else { return };
    let first = plan_of("a", 1, &schema());
    place.load(&first, &[]);
    let mut changed = schema();
    changed.tables["items"].description = Some("changed".to_owned());
    let second = plan_of("a", 2, &bumped(changed));
    place.load(&second, &[]);

    let newest = sync.newest_schema("shop").expect("schemas can be read").expect("there is one");
    assert_eq!(newest.document, *second.schema_document);
    assert_eq!(newest.version, second.schema.version);
    let hash = first.schema.version_hash.as_deref().expect("the schema has a hash");
    let older = sync.schema_by_hash(hash).expect("schemas can be read").expect("there is one");
    assert_eq!((older.name.as_str(), &*older.document), ("shop", &*first.schema_document));
    assert_eq!(sync.newest_schema("other").expect("schemas can be read"), None);
}

pub(super) fn an_empty_place_has_no_state_and_no_schemas(make: Make<'_>) {
    let place = Place::new(make);
    let Some(sync) = place.destination.state_sync() else { return };
    assert_eq!(sync.newest_state("a").expect("no dataset is not an error"), None);
    assert_eq!(sync.newest_schema("shop").expect("no dataset is not an error"), None);
    assert_eq!(sync.schema_by_hash("x").expect("no dataset is not an error"), None);
    assert_eq!(place.tables().unwrap_or_default(), Vec::<String>::new(), "asking creates nothing");
}

pub(super) fn nothing_but_the_tables_of_the_schema_is_left(make: Make<'_>) {
    let place = Place::new(make);
    let plan = plan_of("a", 1, &schema());
    place.destination.prepare_load(&plan).expect("prepared");
    let expected = [LOADS_TABLE, STATE_TABLE, VERSION_TABLE, "items", "items__tags"].map(str::to_owned);
    if let Some(tables) = place.tables() {
        assert_eq!(tables, expected, "a load in flight shows no table of its own");
    }
    place.commit(&plan);
    if let Some(tables) = place.tables() {
        assert_eq!(tables, expected, "a complete load leaves nothing behind");
    }
}
