//! A load whose every operation fails once. Repeated, it leaves what an undisturbed one leaves: no row is lost, none
//! doubled, nothing is left in flight.

use cartage_destinations_api::ErrorKind;
use serde_json::{Value, json};

use super::cloud::{Cloud, Fault};
use super::loads::{Load, ids, in_cloud};

type Kind = (&'static str, fn() -> Fault);

const KINDS: [Kind; 3] =
    [("refused", || Fault::Before), ("answer lost", || Fault::After), ("killed", || Fault::Dead)];

/// Tries a load with a fault at each of its operations. Before it `first` is there, behind it comes `last`, which
/// tidies up what a commit has left.
fn every_step_may_fail(settings: &Value, first: &Load, middle: &Load, last: &Load) -> usize {
    let begin = Cloud::new();
    first.run(&in_cloud(&begin, settings)).unwrap();
    let undisturbed = begin.copied();
    for load in [middle, last] {
        load.run(&in_cloud(&undisturbed, settings)).unwrap();
    }
    let wanted = undisturbed.content();
    let mut steps = 0;
    for (kind, fault) in KINDS {
        for number in 1.. {
            let cloud = begin.copied().failing_at(number, fault());
            let outcome = middle.run(&in_cloud(&cloud, settings));
            if cloud.is_unharmed() {
                outcome.unwrap();
                steps = number - 1;
                break;
            }
            let step = format!("{kind} at {number}, {}", cloud.last_operation());
            if let Err(error) = outcome {
                assert_eq!(error.kind(), ErrorKind::Transient, "{step}: {error}");
                assert!(error.to_string().contains("s3://lake/raw/"), "{step}: {error}");
            }
            let again = cloud.other();
            middle.run(&in_cloud(&again, settings)).unwrap_or_else(|error| panic!("{step}: {error}"));
            last.run(&in_cloud(&again, settings)).unwrap_or_else(|error| panic!("{step}: {error}"));
            let found = again.content();
            assert_eq!(names(&found), names(&wanted), "{step}");
            assert_eq!(found, wanted, "{step}");
        }
    }
    steps
}

fn names(content: &[(String, String)]) -> Vec<&str> {
    content.iter().map(|(name, _)| name.as_str()).collect()
}

/// Two files of one table, one of another, and a state.
fn filled(number: i64, version: u64) -> Load {
    let first = u64::try_from(number).unwrap() * 10;
    Load::new(number)
        .with("items", "a", &[first, first + 1])
        .with("items", "b", &[first + 2])
        .with("items_old", "c", &[first + 3])
        .with_state(version)
}

#[test]
fn an_append_that_fails_anywhere_is_finished_by_its_repetition() {
    let steps = every_step_may_fail(&json!({}), &filled(1, 1), &filled(2, 2), &filled(3, 3));
    assert!(steps > 25, "{steps} operations");
}

#[test]
fn a_replace_that_fails_anywhere_leaves_the_new_rows_only() {
    let replacing = filled(2, 2).truncating("items").truncating("items_old");
    every_step_may_fail(&json!({}), &filled(1, 1), &replacing, &filled(3, 3));
    let cloud = Cloud::new();
    filled(1, 1).run(&in_cloud(&cloud, &json!({}))).unwrap();
    replacing.run(&in_cloud(&cloud, &json!({}))).unwrap();
    assert_eq!((ids(&cloud, "items"), ids(&cloud, "items_old")), (vec![20, 21, 22], vec![23]));
}

#[test]
fn a_refresh_that_fails_anywhere_drops_once() {
    let refreshing = filled(2, 2).dropping("items");
    every_step_may_fail(&json!({}), &filled(1, 1), &refreshing, &filled(3, 3));
    let cloud = Cloud::new();
    filled(1, 1).run(&in_cloud(&cloud, &json!({}))).unwrap();
    refreshing.run(&in_cloud(&cloud, &json!({}))).unwrap();
    assert_eq!((ids(&cloud, "items"), ids(&cloud, "items_old")), (vec![20, 21, 22], vec![13, 23]));
}

#[test]
fn the_first_load_of_all_may_fail_anywhere() {
    let (empty, first) = (Load::of_tables(0, &[]), filled(1, 1));
    every_step_may_fail(&json!({}), &empty, &first, &filled(2, 2));
}

#[test]
fn files_in_parts_may_fail_anywhere_and_leave_no_part() {
    let settings = json!({"multipart_size": 10});
    every_step_may_fail(&settings, &filled(1, 1), &filled(2, 2), &filled(3, 3));
}

#[test]
fn servers_without_conditions_may_fail_anywhere() {
    let settings = json!({"conditional_put": false});
    every_step_may_fail(&settings, &filled(1, 1), &filled(2, 2), &filled(3, 3));
}

#[test]
fn old_states_may_fail_to_be_removed_and_go_with_the_next_load() {
    let settings = json!({"max_state_files": 1});
    every_step_may_fail(&settings, &filled(1, 1), &filled(2, 2), &filled(3, 3));
}

#[test]
fn a_layout_of_other_tables_behind_the_same_letters_may_fail_anywhere() {
    let settings = json!({
        "layout": "{schema_name}.{table_name}_{load_id}_{file_id}.{ext}", "warn_unsafe_layout_separators": false,
    });
    let replacing = filled(2, 2).truncating("items");
    every_step_may_fail(&settings, &filled(1, 1), &replacing, &filled(3, 3));
}
