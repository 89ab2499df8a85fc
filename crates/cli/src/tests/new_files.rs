//! `only_new_files` over whole runs: nothing is lost, nothing doubled, whatever happens in between.

use cartage_destinations_api::ErrorKind;
use cartage_destinations_null::LoadStep;

use super::bench::Bench;

fn bench(hints: &str) -> Bench {
    let bench = Bench::empty();
    bench.pipeline(&format!(
        "[[sources.test.resources]]\nname = \"items\"\npath = \"in/*.jsonl\"\nonly_new_files = true\n{hints}\n"
    ));
    bench.write("in/a.jsonl", "{\"id\": 1}\n{\"id\": 2}\n");
    bench.write("in/b.jsonl", "{\"id\": 3}\n");
    bench
}

const APPEND: &str = "write_disposition = \"append\"";

#[test]
fn each_file_is_loaded_once_and_again_when_it_changes() {
    let bench = bench(APPEND);
    bench.cartage(&["run", "FILE"]).exits(0);
    assert_eq!(bench.count("items"), 3);
    bench.cartage(&["run", "FILE"]).exits(0).prints(&["nothing to do"]);
    bench.write("in/b.jsonl", "{\"id\": 3}\n{\"id\": 4}\n");
    bench.write("in/c.jsonl", "{\"id\": 5}\n");
    bench.cartage(&["run", "FILE"]).exits(0);
    assert_eq!(bench.count("items"), 6, "a changed file is read as a whole");
    bench.cartage(&["run", "FILE"]).exits(0).prints(&["nothing to do"]);
}

#[test]
fn a_run_that_ended_between_the_stages_is_gone_on_with() {
    let bench = bench(APPEND);
    bench.cartage(&["extract", "FILE"]).exits(0);
    bench.write("in/c.jsonl", "{\"id\": 5}\n");
    bench.cartage(&["extract", "FILE"]).exits(0);
    bench.cartage(&["run", "FILE"]).exits(0);
    assert_eq!(bench.count("items"), 4);
}

#[test]
fn files_of_a_package_that_is_given_up_are_new_again() {
    let bench = bench(APPEND);
    bench.cartage(&["extract", "FILE"]).exits(0);
    bench.cartage(&["abort", "FILE"]).exits(0);
    bench.cartage(&["run", "FILE"]).exits(0);
    assert_eq!(bench.count("items"), 3);
}

#[test]
fn a_load_that_failed_is_tried_again_without_other_rows() {
    let bench = bench(APPEND);
    bench.destination.fail(LoadStep::Prepare, ErrorKind::Terminal, 1);
    bench.cartage(&["run", "FILE"]).exits(1);
    bench.cartage(&["run", "FILE"]).exits(0);
    assert_eq!(bench.count("items"), 3);
}

#[test]
fn small_packages_end_between_resources_or_where_rows_replace_themselves() {
    for (hints, packages) in [(APPEND, 1), ("write_disposition = \"merge\"\nprimary_key = \"id\"", 3)] {
        let bench = bench(hints);
        let small = ["--set", "extract.package_max_rows=1"];
        bench.cartage(&[&["run", "FILE"], &small[..]].concat()).exits(0);
        assert_eq!((bench.count("items"), bench.packages("loaded").len()), (3, packages), "{hints}");
        bench.cartage(&[&["run", "FILE"], &small[..]].concat()).exits(0).prints(&["nothing to do"]);
    }
}

#[test]
fn replacing_is_refused() {
    let done = bench("write_disposition = \"replace\"").cartage(&["run", "FILE"]);
    assert_ne!(done.code, 0);
    assert!(done.err.contains("`only_new_files` would leave only the newest files"), "{}", done.err);
}
