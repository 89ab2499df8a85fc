//! The merge strategies that a destination offers.

use cartage_schema::{Column, DataType, MergeStrategy, Schema};
use serde_json::{Value, json};

use super::Make;
use super::fixture::{Place, bumped, item, merging, object, plan_of, schema, tag};
use crate::destination::JobOutcome;
use crate::plan::LoadPlan;

/// The schema with `id` as primary key and a `deleted` mark.
fn keyed() -> Schema {
    let mut schema = schema();
    let items = &mut schema.tables["items"];
    items.columns["id"].primary_key = Some(true);
    items.columns["_dlt_id"].row_key = Some(true);
    let deleted = Column { hard_delete: Some(true), ..Column::typed("deleted", DataType::Text, true) };
    items.columns.insert("deleted".to_owned(), deleted);
    let tags = &mut schema.tables["items__tags"];
    tags.columns["_dlt_parent_id"].parent_key = Some(true);
    tags.columns["_dlt_id"].row_key = Some(true);
    bumped(schema)
}

/// The same with `name` as merge key.
fn partitioned() -> Schema {
    let mut schema = keyed();
    schema.tables["items"].columns["name"].merge_key = Some(true);
    bumped(schema)
}

/// The schema with validity columns; `name` tells versions apart.
fn historic() -> Schema {
    let mut schema = schema();
    let items = &mut schema.tables["items"];
    for (name, hint) in [("valid_from", "x-valid-from"), ("valid_to", "x-valid-to")] {
        let mut column = Column::typed(name, DataType::Timestamp, true);
        column.other.insert(hint.to_owned(), Value::Bool(true));
        items.columns.insert(name.to_owned(), column);
    }
    items.columns["name"].other.insert("x-row-version".to_owned(), Value::Bool(true));
    items.columns["_dlt_id"].row_key = Some(true);
    let tags = &mut schema.tables["items__tags"];
    tags.columns["_dlt_parent_id"].parent_key = Some(true);
    tags.columns["_dlt_id"].row_key = Some(true);
    bumped(schema)
}

/// A row of `items` whose row id derives from its key.
fn named(id: i64, name: &str, plan: &LoadPlan) -> Value {
    object([
        ("id", id.into()),
        ("name", name.into()),
        ("_dlt_load_id", plan.key.load_id.as_str().into()),
        ("_dlt_id", format!("key {id}").into()),
    ])
}

fn marked(mut row: Value) -> Value {
    row["deleted"] = "yes".into();
    row
}

/// The element at `index` of the list of the item with the key `parent`.
fn element(value: &str, parent: i64, index: usize) -> Value {
    object([
        ("value", value.into()),
        ("_dlt_parent_id", format!("key {parent}").into()),
        ("_dlt_id", format!("key {parent} {index}").into()),
    ])
}

/// Gives the rows of `items` and of `items__tags` for a load.
type Rows<'a> = &'a dyn Fn(&LoadPlan) -> [Vec<Value>; 2];

/// Merges two loads by `strategy`; nothing where it is not offered.
fn two_loads(make: Make<'_>, strategy: MergeStrategy, schema: &Schema, rows: [Rows<'_>; 2]) -> Option<Place> {
    let place = Place::new(make);
    if !place.merges(strategy) {
        return None;
    }
    for (number, rows) in (1..).zip(rows) {
        let plan = merging(plan_of("a", number, schema), strategy);
        let [items, tags] = rows(&plan);
        place.load(&plan, &[("items", items), ("items__tags", tags)]);
    }
    Some(place)
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
    let items = [item(2, &second), marked(item(3, &second)), item(4, &second)];
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

pub(super) fn conditions_say_which_rows_come_and_which_go(make: Make<'_>) {
    let mut schema = keyed();
    let hints = &mut schema.tables["items"].other;
    hints.insert("x-merge-source-filter".to_owned(), json!("id <> 3"));
    hints.insert("x-merge-destination-scope".to_owned(), json!("{table}.id > 1"));
    let first = |plan: &LoadPlan| {
        let items = [1, 2, 3].map(|id| named(id, "old", plan)).to_vec();
        [items, vec![element("one", 1, 0), element("two", 2, 0), element("three", 3, 0)]]
    };
    let second = |plan: &LoadPlan| {
        let items = [3, 4].map(|id| named(id, "new", plan)).to_vec();
        [items, vec![element("three", 3, 0), element("four", 4, 0)]]
    };
    let strategy = MergeStrategy::DeleteInsert;
    let Some(place) = two_loads(make, strategy, &bumped(schema), [&first, &second]) else { return };
    place.expect_values("items", "id", &["1", "4"], "2 was in the scope, 3 never came");
    place.expect_values("items__tags", "value", &["four", "one"], "nested rows do as their roots");
}

pub(super) fn upsert_updates_inserts_and_deletes_marked_rows(make: Make<'_>) {
    let first = |plan: &LoadPlan| {
        let items = [1, 2, 3].map(|id| named(id, "old", plan)).to_vec();
        [items, vec![element("a", 1, 0), element("b", 2, 0), element("c", 2, 1), element("d", 3, 0)]]
    };
    let second = |plan: &LoadPlan| {
        let items = vec![named(2, "new", plan), marked(named(3, "gone", plan)), named(4, "new", plan)];
        [items, vec![element("B", 2, 0), element("D", 3, 0), element("e", 4, 0)]]
    };
    let strategy = MergeStrategy::Upsert;
    let Some(place) = two_loads(make, strategy, &keyed(), [&first, &second]) else { return };
    place.expect_values("items", "id", &["1", "2", "4"], "updated, deleted and inserted");
    place.expect_values("items", "name", &["old", "new", "new"], "known rows are updated");
    place.expect_values("items__tags", "value", &["a", "B", "e"], "lists are as they came last");
}

pub(super) fn upsert_can_leave_unchanged_rows_alone(make: Make<'_>) {
    let mut schema = keyed();
    schema.tables["items"].other.insert("x-merge-skip-unchanged-rows".to_owned(), json!(true));
    let first = |plan: &LoadPlan| [vec![named(1, "old", plan), named(2, "old", plan)], Vec::new()];
    let second = |plan: &LoadPlan| [vec![named(1, "old", plan), named(2, "new", plan)], Vec::new()];
    let strategy = MergeStrategy::Upsert;
    let Some(place) = two_loads(make, strategy, &bumped(schema), [&first, &second]) else { return };
    place.expect_values("items", "name", &["new", "old"], "what differs is updated");
    let loads = [1, 2].map(|number| plan_of("a", number, &keyed()).key.load_id);
    place.expect_values(
        "items",
        "_dlt_load_id",
        &[&loads[0], &loads[1]],
        "what is the same keeps its load id",
    );
}

pub(super) fn insert_only_never_changes_rows(make: Make<'_>) {
    let first = |plan: &LoadPlan| [vec![named(1, "old", plan)], vec![element("a", 1, 0)]];
    let second = |plan: &LoadPlan| {
        let items = vec![named(1, "new", plan), named(2, "new", plan), marked(named(3, "gone", plan))];
        [items, vec![element("A", 1, 0), element("b", 1, 1), element("c", 2, 0), element("d", 3, 0)]]
    };
    let strategy = MergeStrategy::InsertOnly;
    let Some(place) = two_loads(make, strategy, &keyed(), [&first, &second]) else { return };
    place.expect_values("items", "name", &["new", "old"], "known rows stay, new ones come");
    place.expect_values("items__tags", "value", &["a", "b", "c"], "so do list elements");
}

pub(super) fn cdc_deletes_what_a_picture_lacks(make: Make<'_>) {
    let first = |plan: &LoadPlan| {
        let items = vec![named(1, "east", plan), named(2, "east", plan), named(3, "west", plan)];
        [items, vec![element("a", 1, 0), element("b", 2, 0), element("c", 3, 0)]]
    };
    let second = |plan: &LoadPlan| {
        let items = vec![named(2, "east", plan), marked(named(4, "east", plan))];
        [items, vec![element("B", 2, 0), element("d", 4, 0)]]
    };
    let strategy = MergeStrategy::Cdc;
    let Some(place) = two_loads(make, strategy, &partitioned(), [&first, &second]) else { return };
    place.expect_values("items", "id", &["2", "3"], "1 left the east, 4 never came, the west is not shown");
    place.expect_values("items__tags", "value", &["B", "c"], "with what is below");
}

pub(super) fn scd2_keeps_the_history_of_rows(make: Make<'_>) {
    let version = |id: i64, name: &str, plan: &LoadPlan| {
        let mut row = item(id, plan);
        row["name"] = name.into();
        row
    };
    let first = |plan: &LoadPlan| {
        let items = vec![version(1, "one", plan), version(2, "two", plan)];
        [items, vec![tag("a", 1, plan), tag("b", 2, plan)]]
    };
    let second = |plan: &LoadPlan| {
        let items = vec![version(1, "one", plan), version(2, "TWO", plan)];
        [items, vec![tag("a", 1, plan), tag("B", 2, plan)]]
    };
    let strategy = MergeStrategy::Scd2;
    let Some(place) = two_loads(make, strategy, &historic(), [&first, &second]) else { return };
    place.expect_values("items", "name", &["TWO", "one", "two"], "the old version stays");
    place.expect_values("items__tags", "value", &["B", "a", "b"], "with what is below, each once");
    let Some(rows) = place.rows("items") else { return };
    let moment = |name: &str, column: &str| {
        let is_it = |row: &&Vec<(String, String)>| row.contains(&("name".to_owned(), name.to_owned()));
        let row = rows.iter().find(is_it).expect("the version is there");
        row.iter().find(|(known, _)| known == column).map(|(_, value)| value.clone())
    };
    assert_eq!(moment("one", "valid_to"), None, "an unchanged version is active");
    assert_eq!(moment("TWO", "valid_to"), None, "the new version is active");
    assert!(moment("two", "valid_to").is_some(), "the old version has ended");
    assert_eq!(moment("two", "valid_to"), moment("TWO", "valid_from"), "where the new one begins");
}
