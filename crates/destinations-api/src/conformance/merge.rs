//! The merge strategies that a destination offers.

use cartage_schema::{Column, DataType, MergeStrategy, Schema};

use super::Make;
use super::fixture::{Place, bumped, item, merging, plan_of, schema, tag};
use crate::destination::JobOutcome;

/// The schema with `id` as primary key and a `deleted` mark.
fn keyed() -> Schema {
    let mut schema = schema();
    let items = &mut schema.tables["items"];
    items.columns["id"].primary_key = Some(true);
    items.columns["_dlt_id"].row_key = Some(true);
    let deleted = Column { hard_delete: Some(true), ..Column::typed("deleted", DataType::Text, true) };
    items.columns.insert("deleted".to_owned(), deleted);
    schema.tables["items__tags"].columns["_dlt_parent_id"].parent_key = Some(true);
    bumped(schema)
}

pub(super) fn delete_insert_replaces_rows_by_key_with_what_is_below_them(make: Make<'_>) {
    let place = Place::new(make);
    if !place.merges(MergeStrategy::DeleteInsert) {
        return;
    }
    let first = merging(plan_of("a", 1, &keyed()), MergeStrategy::DeleteInsert);
    let tags =
        [("one", 1), ("two", 2), ("three", 3)].map(|(value, parent)| tag(value, parent, &first)).to_vec();
    let items = vec![item(1, &first), item(2, &first), item(3, &first)];
    place.load(&first, &[("items", items), ("items__tags", tags)]);
    place.expect_values("items__tags", "value", &["one", "three", "two"], "the first merge inserts");

    let second = merging(plan_of("a", 2, &keyed()), MergeStrategy::DeleteInsert);
    place.destination.prepare_load(&second).expect("prepared");
    let mut gone = item(3, &second);
    gone["deleted"] = "yes".into();
    let items = [item(2, &second), gone, item(4, &second)];
    let tags = [tag("new two", 2, &second), tag("of a deleted row", 3, &second)];
    for (table, rows) in [("items", &items[..]), ("items__tags", &tags[..])] {
        let job = place.file(&second.schema, table, "second", rows);
        place.run(&second, &job).expect("the job runs");
    }
    place.expect_values("items", "id", &["1", "2", "3"], "staged rows do not show");
    place.follow_up(&second);
    if place.remembers() {
        assert_eq!(place.follow_up(&second), [JobOutcome::DoneBefore]);
    }
    place.commit(&second);
    place.expect_values("items", "id", &["1", "2", "4"], "replaced, deleted and inserted");
    place.expect_values("items__tags", "value", &["new two", "one"], "nested rows follow their root");
}

pub(super) fn delete_insert_keeps_one_row_of_a_key(make: Make<'_>) {
    let place = Place::new(make);
    if !place.merges(MergeStrategy::DeleteInsert) {
        return;
    }
    let plan = merging(plan_of("a", 1, &keyed()), MergeStrategy::DeleteInsert);
    let mut again = item(1, &plan);
    again["_dlt_id"] = "another".into();
    place.load(&plan, &[("items", vec![item(1, &plan), again, item(2, &plan)])]);
    place.expect_values("items", "id", &["1", "2"], "one row of each key");
}
