//! A short run of the loss detector; the long one is `cargo xtask losses`.

use cartage_tests::binaries::binary;
use cartage_tests::losses::{Counts, check, generate};

/// The number of cases, from the first seed on.
const CASES: u64 = 40;

#[test]
fn every_value_of_random_rows_is_found_again() {
    let program = binary("cartage");
    let mut counts = Counts::default();
    for seed in 1..=CASES {
        let judgement = check(&generate(seed), &program).expect("the case can be run");
        assert!(
            judgement.findings.is_empty(),
            "{:#?}\nmake it small with `cargo xtask losses --cases 1 --seed {seed}`",
            judgement.findings
        );
        counts.add(&judgement.counts);
    }
    // A detector that gives nothing finds nothing.
    for found in [counts.column, counts.variant, counts.document, counts.child, counts.quarantine] {
        assert!(found > 0, "{counts:?}");
    }
}

#[test]
fn the_case_of_a_seed_is_always_the_same() {
    assert_eq!(format!("{:?}", generate(7)), format!("{:?}", generate(7)));
}
