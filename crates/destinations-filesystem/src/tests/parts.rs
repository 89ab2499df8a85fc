//! Files above the size for one request: sent in parts to another name, then copied, and what is left of them.

use cartage_destinations_api::{Destination, JobOutcome};
use serde_json::json;

use super::cloud::{Cloud, Fault};
use super::loads::{Load, in_cloud};

/// A load of one file of `bytes` bytes.
fn of_size(bytes: usize) -> Load {
    Load::new(1).with_text("items", "a", &"x".repeat(bytes), 1)
}

fn text(cloud: &Cloud) -> Option<String> {
    let found = cloud.content().into_iter().find(|(name, _)| name.starts_with("items/"));
    found.map(|(_, text)| text)
}

#[test]
fn a_file_arrives_whole_in_any_number_of_parts() {
    const PART: usize = 8 << 20;
    for (bytes, operations) in [(99, 1), (100, 1), (101, 1), (PART, 1), (PART + 1, 2), (2 * PART + 5, 3)] {
        let cloud = Cloud::new();
        let destination = in_cloud(&cloud, &json!({"multipart_size": 100}));
        let load = of_size(bytes);
        destination.prepare_load(&load.plan).unwrap();
        let counted = cloud.operations("put a part of");
        assert_eq!(load.job(&destination, 0).unwrap(), JobOutcome::Done { rows: 1 });
        let parts = cloud.operations("put a part of") - counted;
        assert_eq!(parts, if bytes > 100 { operations } else { 0 }, "{bytes} bytes");
        assert_eq!(text(&cloud).map(|text| text.len()), Some(bytes));
        assert_eq!(load.job(&destination, 0).unwrap(), JobOutcome::DoneBefore);
        assert!(!cloud.names().iter().any(|name| name.contains("/tmp/")), "{:?}", cloud.names());
    }
}

#[test]
fn what_killed_uploads_left_is_removed_by_the_next_commit() {
    let settings = json!({"multipart_size": 100});
    for number in 1.. {
        let cloud = Cloud::new();
        let load = of_size(500);
        in_cloud(&cloud.other(), &settings).prepare_load(&load.plan).unwrap();
        let dead = cloud.clone().failing_at(number, Fault::Dead);
        let outcome = load.job(&in_cloud(&dead, &settings), 0);
        if dead.is_unharmed() {
            outcome.unwrap();
            assert!(number > 6, "{number} operations");
            break;
        }
        let when = dead.last_operation();
        load.run(&in_cloud(&cloud.other(), &settings)).unwrap();
        let names = cloud.names();
        assert!(!names.iter().any(|name| name.starts_with("_cartage")), "{when}: {names:?}");
        // An upload is noted before its first part, so one that has none may be left.
        let may_be_left = usize::from(dead.operations("put a part of") == 0);
        assert!(cloud.uploads_under_way() <= may_be_left, "{when}");
        assert_eq!(text(&cloud).map(|text| text.len()), Some(500), "{when}");
    }
}

#[test]
fn files_on_their_way_of_other_pipelines_stay() {
    let cloud = Cloud::new();
    cloud.put("_cartage/tmp/other/7.0.items", "half of a file");
    let settings = json!({"multipart_size": 100});
    of_size(500).run(&in_cloud(&cloud, &settings)).unwrap();
    let left: Vec<_> = cloud.names().into_iter().filter(|name| name.starts_with("_cartage")).collect();
    assert_eq!(left, ["_cartage/tmp/other/7.0.items"]);
}

#[test]
fn two_writers_of_one_name_do_not_replace_each_other() {
    for size in [1, 1_000_000] {
        let settings = json!({"layout": "{table_name}/data.{ext}", "multipart_size": size});
        let load = Load::new(1).with("items", "a", &[1]).with("items", "b", &[2]);
        let cloud = Cloud::new();
        let destination = in_cloud(&cloud, &settings);
        destination.prepare_load(&load.plan).unwrap();
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let run = |nth| {
                let (cloud, settings, load) = (cloud.other(), &settings, &load);
                scope.spawn(move || load.job(&in_cloud(&cloud, settings), nth))
            };
            [run(0), run(1)].map(|thread| thread.join().expect("no panic")).into()
        });
        let winner = outcomes.iter().position(Result::is_ok).expect("one of them wins");
        assert!(outcomes[1 - winner].is_err(), "the loser is told: {outcomes:?}");
        assert_eq!(super::loads::ids(&cloud, "items"), [winner as u64 + 1]);
    }
}
