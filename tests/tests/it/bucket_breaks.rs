//! A bucket that is slow, full or forgetful: the run tries again, or says so and the next one finishes it.

use std::fmt::Write as _;

use cartage_test_support::{HttpProxy, Refusal};
use cartage_tests::content::content;
use cartage_tests::harness::Done;
use cartage_tests::site::{Site, Target};

const ROWS: usize = 4_000;

/// A dataset that is there, and a run that replaces one table and appends to another.
fn prepared() -> Site {
    let site = Site::new(Target::Bucket);
    let rows = |generation: usize| {
        (0..ROWS).fold(String::new(), |mut text, id| {
            let _ = writeln!(text, r#"{{"id": {id}, "name": "row {id} {generation}", "tags": ["t{id}"]}}"#);
            text
        })
    };
    site.bench.write("items.jsonl", rows(1));
    site.pipeline(
        "[[sources.test.resources]]\nname = \"items\"\npath = \"items.jsonl\"\nwrite_disposition = \"replace\"\n\
         [[sources.test.resources]]\nname = \"log\"\npath = \"items.jsonl\"\n[data_writer]\nfile_max_items = 1000\n",
    );
    site.cartage(&["run"]).exits_with(0);
    site.bench.write("items.jsonl", rows(2));
    site
}

fn run_through(site: &Site, proxy: &HttpProxy) -> Done {
    let mut command = site.command(&["run"]);
    command.env("DESTINATION__FILESYSTEM__CREDENTIALS__ENDPOINT_URL", proxy.url());
    Done::of(&command.output().expect("cartage starts"))
}

fn address() -> String {
    cartage_tests::bucket::Bucket::shared().address()
}

const SLOW_DOWN: Refusal = Refusal { status: 503, code: "SlowDown" };
const FULL: Refusal = Refusal { status: 507, code: "InsufficientStorage" };

#[test]
fn a_bucket_that_asks_to_slow_down_gets_every_row_once() {
    let site = prepared();
    let undisturbed = site.copied();
    undisturbed.cartage(&["run"]).exits_with(0);
    let proxy = HttpProxy::start(&address(), |_, _, number| (number % 4 == 1).then_some(SLOW_DOWN));
    run_through(&site, &proxy).exits_with(0);
    assert!(proxy.refused() > 5, "{} requests were refused", proxy.refused());
    assert_eq!(content(&site.look()), content(&undisturbed.look()));
    assert_eq!(site.in_flight(), [""; 0]);
}

#[test]
fn a_bucket_whose_answers_get_lost_gets_every_row_once() {
    let site = prepared();
    let undisturbed = site.copied();
    undisturbed.cartage(&["run"]).exits_with(0);
    let proxy = HttpProxy::forgetful(&address(), |method, _, number| {
        (method == "PUT" && number % 3 == 0).then_some(SLOW_DOWN)
    });
    run_through(&site, &proxy).exits_with(0);
    assert!(proxy.refused() > 3, "{} answers were lost", proxy.refused());
    assert_eq!(content(&site.look()), content(&undisturbed.look()));
    assert_eq!(site.in_flight(), [""; 0]);
}

#[test]
fn a_full_bucket_is_named_and_the_next_run_with_room_finishes_the_load() {
    let start = prepared();
    let undisturbed = start.copied();
    undisturbed.cartage(&["run"]).exits_with(0);
    let wanted = content(&undisturbed.look());
    for full_after in [0, 2, 4, 6, 9, 12] {
        let site = start.copied();
        let puts = std::sync::atomic::AtomicUsize::new(0);
        let proxy = HttpProxy::start(&address(), move |method, _, _| {
            let put = method == "PUT";
            (put && puts.fetch_add(1, std::sync::atomic::Ordering::SeqCst) >= full_after).then_some(FULL)
        });
        let done = run_through(&site, &proxy);
        if proxy.refused() == 0 {
            done.exits_with(0);
            continue;
        }
        let done = done.exits_with(1);
        assert!(done.stderr.contains("make room"), "{}", done.stderr);
        let loads = |site: &Site| -> i64 {
            site.look()
                .query_row("SELECT count(*) FROM data._dlt_loads", [], |row| row.get(0))
                .expect("a number")
        };
        assert_eq!(loads(&site), 1, "the load does not count after {full_after} files");
        site.cartage(&["run"]).exits_with(0);
        assert_eq!(content(&site.look()), wanted, "full after {full_after} files");
        assert_eq!(site.in_flight(), [""; 0], "full after {full_after} files");
    }
}
