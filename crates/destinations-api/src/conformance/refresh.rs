//! Tables that a refresh drops.

use super::Make;
use super::fixture::{Place, bumped, item, plan_of, schema, tag};
use crate::destination::JobOutcome;
use crate::plan::TablePlan;
use crate::system::VERSION_TABLE;

pub(super) fn dropped_tables_are_dropped_once_per_load(make: Make<'_>) {
    let place = Place::new(make);
    let first = plan_of("a", 1, &schema());
    place.load(&first, &[("items", vec![item(1, &first)]), ("items__tags", vec![tag("x", 1, &first)])]);

    let mut smaller = schema();
    smaller.tables.shift_remove("items__tags");
    let mut plan = plan_of("a", 2, &bumped(smaller));
    plan.tables.retain(|table: &TablePlan| table.name != "items__tags");
    plan.drop = vec!["items__tags".to_owned(), "items".to_owned(), "never_was".to_owned()];
    place.destination.prepare_load(&plan).expect("tables can be dropped");
    let job = place.file(&plan.schema, "items", "new", &[item(2, &plan)]);
    place.run(&plan, &job).expect("the job runs");
    if place.remembers() {
        place.destination.prepare_load(&plan).expect("a resumed load is prepared again");
        assert_eq!(place.run(&plan, &job).expect("the job runs"), JobOutcome::DoneBefore);
    }
    place.commit(&plan);
    place.expect_values("items", "id", &["2"], "dropped and made again");
    if let Some(tables) = place.tables() {
        assert!(!tables.contains(&"items__tags".to_owned()), "{tables:?}");
        assert_eq!(place.rows(VERSION_TABLE).expect("readable").len(), 1, "dropping forgets older versions");
    }
}
