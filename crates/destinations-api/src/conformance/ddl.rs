//! Tables and columns.

use cartage_schema::{Column, DataType};

use super::Make;
use super::fixture::{Place, bumped, item, plan_of, schema};
use crate::ErrorKind;
use crate::plan::TablePlan;

pub(super) fn preparing_twice_changes_nothing(make: Make<'_>) {
    let place = Place::new(make);
    let plan = plan_of("a", 1, &schema());
    let first = place.destination.prepare_load(&plan).expect("an empty place can be prepared");
    let before = (place.tables(), place.columns("items"));
    let second = place.destination.prepare_load(&plan).expect("preparing can be repeated");
    assert!(second.created.is_empty() && second.added.is_empty(), "prepared twice: {second:?}");
    assert_eq!((place.tables(), place.columns("items")), before);
    if place.destination.reader().is_some() {
        assert!(first.created.contains(&"items".to_owned()), "{first:?}");
        assert_eq!(before.1.expect("readable"), ["id", "name", "_dlt_load_id", "_dlt_id"]);
    }
}

pub(super) fn new_columns_are_added_at_the_end(make: Make<'_>) {
    let place = Place::new(make);
    let mut schema = schema();
    let first = plan_of("a", 1, &schema);
    place.load(&first, &[("items", vec![item(1, &first)])]);

    let column = Column::typed("price", DataType::Bigint, true);
    schema.tables["items"].columns.shift_insert(0, "price".to_owned(), column);
    let second = plan_of("a", 2, &bumped(schema));
    let changes = place.destination.prepare_load(&second).expect("columns can be added");
    let Some(columns) = place.columns("items") else { return };
    assert_eq!(columns, ["id", "name", "_dlt_load_id", "_dlt_id", "price"]);
    assert_eq!(changes.added, [("items".to_owned(), "price".to_owned())]);
    place.expect_values("items", "price", &["null"], "rows of earlier loads have null");
}

pub(super) fn a_column_without_type_is_not_created(make: Make<'_>) {
    let place = Place::new(make);
    let mut schema = schema();
    schema.tables["items"].columns.insert("later".to_owned(), Column::new("later"));
    let plan = plan_of("a", 1, &bumped(schema));
    place.destination.prepare_load(&plan).expect("incomplete columns are left out");
    if let Some(columns) = place.columns("items") {
        assert!(!columns.contains(&"later".to_owned()), "{columns:?}");
    }
}

pub(super) fn a_required_column_cannot_join_a_table_with_rows(make: Make<'_>) {
    let place = Place::new(make);
    let mut schema = schema();
    let first = plan_of("a", 1, &schema);
    place.load(&first, &[("items", vec![item(1, &first)])]);
    schema.tables["items"].columns.insert("code".to_owned(), Column::typed("code", DataType::Text, false));
    let mut second = plan_of("a", 2, &bumped(schema));
    second.tables =
        vec![TablePlan::direct("_dlt_version"), TablePlan::direct("_dlt_loads"), TablePlan::direct("items")];
    let prepared = place.destination.prepare_load(&second);
    if !place.destination.capabilities().guarantees.enforces_not_null {
        prepared.expect("the place does not look at its rows");
        return;
    }
    if let Some(columns) = place.columns("items") {
        let error = prepared.expect_err("the row of the first load has no value for it");
        assert_eq!(error.kind(), ErrorKind::Terminal);
        assert!(!columns.contains(&"code".to_owned()), "nothing is half done: {columns:?}");
    }
}
