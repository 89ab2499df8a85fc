//! The strategies of replace.

use cartage_schema::ReplaceStrategy::{InsertFromStaging, StagingOptimized, TruncateAndInsert};

use super::Make;
use super::fixture::{Place, item, plan_of, replacing, schema, tag};
use crate::destination::{Destination, JobOutcome};
use crate::error::ErrorKind;
use crate::plan::LoadPlan;

/// Loads items 1 and 2 with a tag each, the content that is going to be replaced.
fn filled(make: Make<'_>) -> Place {
    let place = Place::new(make);
    let plan = plan_of("a", 1, &schema());
    let tags = vec![tag("old", 1, &plan), tag("older", 2, &plan)];
    place.load(&plan, &[("items", vec![item(1, &plan), item(2, &plan)]), ("items__tags", tags)]);
    place
}

fn prepare(destination: &dyn Destination, plan: &LoadPlan) {
    destination.prepare_load(plan).expect("the load can be prepared");
}

pub(super) fn truncating_empties_the_chain_once_per_load(make: Make<'_>) {
    let place = filled(make);
    let plan = replacing(plan_of("a", 2, &schema()), TruncateAndInsert);
    prepare(&*place.destination, &plan);
    place.expect_values("items", "id", &[], "truncated");
    place.expect_values("items__tags", "value", &[], "children without jobs are truncated too");
    let job = place.file(&plan.schema, "items", "new", &[item(3, &plan)]);
    place.run(&plan, &job).expect("the job runs");
    if place.remembers() {
        // A crash here starts the load again; rows that are in stay in.
        prepare(&*place.destination, &plan);
        assert_eq!(place.run(&plan, &job).expect("the job runs"), JobOutcome::DoneBefore);
    }
    place.commit(&plan);
    place.expect_values("items", "id", &["3"], "replaced");

    let third = replacing(plan_of("a", 3, &schema()), TruncateAndInsert);
    place.load(&third, &[("items", vec![item(4, &third)])]);
    place.expect_values("items", "id", &["4"], "replaced by the next load");
}

pub(super) fn staged_rows_show_after_the_follow_up_only(make: Make<'_>) {
    let place = filled(make);
    for strategy in [InsertFromStaging, StagingOptimized] {
        if !place.offers(strategy) {
            continue;
        }
        let number = if strategy == InsertFromStaging { 2 } else { 3 };
        let name = number.to_string();
        let before = place.rows("items");
        let plan = replacing(plan_of("a", number, &schema()), strategy);
        prepare(&*place.destination, &plan);
        let job = place.file(&plan.schema, "items", "new", &[item(i64::from(number), &plan)]);
        place.run(&plan, &job).expect("the job runs");
        assert_eq!(place.rows("items"), before, "{strategy}: readers see the old rows until the follow-up");
        place.follow_up(&plan);
        place.commit(&plan);
        place.expect_values("items", "id", &[&name], strategy.as_str());
        place.expect_values("items__tags", "value", &[], "children without jobs are emptied too");
    }
}

pub(super) fn a_repeated_follow_up_changes_nothing(make: Make<'_>) {
    let place = filled(make);
    for (number, strategy) in [(2, InsertFromStaging), (3, StagingOptimized)] {
        if !place.offers(strategy) || !place.remembers() {
            continue;
        }
        let plan = replacing(plan_of("a", number, &schema()), strategy);
        prepare(&*place.destination, &plan);
        let job = place.file(&plan.schema, "items", "new", &[item(7, &plan)]);
        place.run(&plan, &job).expect("the job runs");
        place.follow_up(&plan);
        prepare(&*place.destination, &plan);
        assert_eq!(place.run(&plan, &job).expect("the job runs"), JobOutcome::DoneBefore, "{strategy}");
        assert_eq!(place.follow_up(&plan), [JobOutcome::DoneBefore], "{strategy}");
        place.commit(&plan);
        place.expect_values("items", "id", &["7"], strategy.as_str());
    }
}

pub(super) fn an_unfinished_load_of_another_pipeline_is_not_mixed_in(make: Make<'_>) {
    let place = filled(make);
    if !place.offers(InsertFromStaging) {
        return;
    }
    let unfinished = replacing(plan_of("a", 2, &schema()), InsertFromStaging);
    prepare(&*place.destination, &unfinished);
    let job = place.file(&unfinished.schema, "items", "unfinished", &[item(8, &unfinished)]);
    place.run(&unfinished, &job).expect("the job runs");

    let other = replacing(plan_of("b", 2, &schema()), InsertFromStaging);
    place.load(&other, &[("items", vec![item(9, &other)])]);
    place.expect_values("items", "id", &["9"], "only the other pipeline's rows");

    place.follow_up(&unfinished);
    place.commit(&unfinished);
    place.expect_values("items", "id", &["8"], "only the first pipeline's rows");
}

pub(super) fn strategies_that_are_not_offered_are_refused(make: Make<'_>) {
    let place = Place::new(make);
    let capabilities = place.destination.capabilities();
    for strategy in [TruncateAndInsert, InsertFromStaging, StagingOptimized] {
        let result = capabilities.replace_strategy(Some(strategy));
        if capabilities.strategies.replace.contains(&strategy) {
            assert_eq!(result.expect("an offered strategy"), strategy);
        } else {
            assert_eq!(result.expect_err("not offered").kind(), ErrorKind::Invalid);
        }
    }
}
