//! Loads of every kind that end anywhere: repeating them, or another load that takes over, gives the rows of one that
//! was not disturbed.

use std::sync::Arc;

use cartage_destinations_api::{Destination, LoadStatus};

use super::engine::Faulty;
use super::found::Found;
use super::loads::{Load, tidy};
use super::scenario::Scenario;
use super::{Faults, for_each_end};
use crate::destination::SqlDestination;
use crate::engine::{CommitModel, SqlEngine};

/// Fewer statements than any load has.
const FEWEST_ENDS: usize = 10;
/// Variable of the environment that asks for all ends, whatever [`TestDataset::ONE_OF`] says.
const ALL_ENDS: &str = "CARTAGE_TEST_ALL_ENDS";

/// An empty dataset, which goes with the value.
pub trait TestDataset {
    /// The engine of the database.
    type Engine: SqlEngine;

    /// One of how many ends is tried, where all of them take too long; others in each scenario.
    const ONE_OF: usize = 1;

    /// An engine as a new process has it.
    fn engine(&self) -> Self::Engine;
}

/// Ends the second load of a scenario everywhere; then it is repeated, or another load takes over. Transactions hold what
/// `model` says. A strategy that the destination does not offer is left out.
///
/// # Panics
/// If rows are lost or doubled, or anything is left behind.
pub fn survives<P: TestDataset>(make: impl Fn() -> P, model: CommitModel, scenario: Scenario) {
    let is_offered = |place: &P| {
        let faulty = Faulty::new(place.engine(), model, Arc::new(Faults::never()));
        match scenario {
            Scenario::Replace(strategy) => faulty.capabilities().strategies.replace.contains(&strategy),
            Scenario::Merge(strategy) => faulty.capabilities().strategies.merge.contains(&strategy),
            _ => true,
        }
    };
    if !is_offered(&make()) {
        return;
    }
    for takes_over in [false, true] {
        let some = if std::env::var_os(ALL_ENDS).is_some() { 1 } else { P::ONE_OF };
        let ends = for_each_end(some, |faults| end(&make(), model, scenario, takes_over, &faults));
        assert!(ends > FEWEST_ENDS, "{ends} ends only");
    }
}

/// Ends a load in its middle, and everywhere another one that takes over; then the first one goes on.
///
/// # Panics
/// If rows are lost or doubled.
pub fn survives_interrupted_take_over<P: TestDataset>(make: impl Fn() -> P, model: CommitModel) {
    for middle in [20, 30, 35] {
        for_each_end(P::ONE_OF, |faults| {
            let place = make();
            let process = |faults: &Arc<Faults>| {
                SqlDestination::new(Faulty::new(place.engine(), model, Arc::clone(faults)))
            };
            let scenario = Scenario::Append;
            let undisturbed = process(&Arc::new(Faults::never()));
            Load::first(scenario).run(&undisturbed).expect("nothing disturbs the first load");
            let second = Load::second("2.5", scenario);
            if second.run(&process(&Arc::new(Faults::new(middle)))).is_ok() {
                // A load has as many statements as it takes to make up for what transactions do not hold.
                return;
            }
            let third = Load::second("3.5", scenario);
            let _ = third.run(&process(&faults));
            let is_complete = undisturbed.load_status(&third.plan.key).expect("the ledger can be read")
                == LoadStatus::Complete;
            let what = format!("{model:?}, ended at {middle}, taken over with {faults:?}");
            second.run(&undisturbed).unwrap_or_else(|error| panic!("{what}: {error:?}"));
            let mut loads = vec!["1.5", "2.5"];
            loads.extend(is_complete.then_some("3.5"));
            let mut rows = scenario.rows(&loads);
            rows.sort();
            assert_eq!(Found::read(&undisturbed).items, rows, "{what}");
        });
    }
}

fn end<P: TestDataset>(
    place: &P,
    model: CommitModel,
    scenario: Scenario,
    takes_over: bool,
    faults: &Arc<Faults>,
) {
    let process =
        |faults: &Arc<Faults>| SqlDestination::new(Faulty::new(place.engine(), model, Arc::clone(faults)));
    let undisturbed = || process(&Arc::new(Faults::never()));
    Load::first(scenario).run(&undisturbed()).expect("nothing disturbs the first load");
    let second = Load::second("2.5", scenario);
    let result = second.run(&process(faults));
    // What tidies up after the commit may fail without anybody hearing of it.
    assert!(result.is_ok() || faults.have_struck(), "{result:?}");

    let destination = undisturbed();
    let status = destination.load_status(&second.plan.key).expect("the ledger can be read");
    let is_complete = status == LoadStatus::Complete;
    let mut loads = vec!["1.5"];
    loads.extend((!takes_over || is_complete).then_some("2.5"));
    loads.extend(takes_over.then_some("3.5"));
    let next = if takes_over { Load::second("3.5", scenario) } else { second };
    let what = format!("{scenario:?}, {model:?}, {faults:?}, takes over: {takes_over}");
    next.run(&destination).unwrap_or_else(|error| panic!("{what}: {error:?}"));
    let mut rows = scenario.rows(&loads);
    rows.sort();
    if is_complete {
        // The next load tidies up.
        tidy(&destination, "9.5", scenario).expect("nothing disturbs the last load");
        loads.push("9.5");
    }
    let expected = Found {
        tags: rows.iter().map(|row| format!("tag {row}")).collect(),
        items: rows,
        loads: loads.into_iter().map(str::to_owned).collect(),
        rest: Vec::new(),
    };
    assert_eq!(Found::read(&destination), expected, "{what}");
}
