//! `resume = true`: a run that stops somewhere goes on there, with all paginators that have a place to go on from.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::os::unix::process::ExitStatusExt;
use std::thread::sleep;
use std::time::{Duration, Instant};

use cartage_test_support::RestServer;
use cartage_tests::content::content;
use cartage_tests::harness::Bench;
use cartage_tests::rest::{PAGINATORS, resuming};
use serde_json::Value;

/// What the resources of the source remember.
fn remembered(bench: &Bench) -> Value {
    let text = std::fs::read_to_string(bench.data_dir().join("pipelines/test/state.json")).unwrap();
    let state: Value = serde_json::from_str(&text).unwrap();
    state["sources"]["api"]["resources"].clone()
}

fn counts(bench: &Bench, table: &str) -> (i64, i64) {
    let count = |what: &str| bench.number(&format!("SELECT count({what}) FROM data.{table}"));
    (count("*"), count("DISTINCT id"))
}

#[test]
fn runs_in_portions_take_each_row_once_with_every_paginator() {
    let (bench, server) = (Bench::new(), RestServer::start());
    bench.write("pipeline.toml", resuming(&server.url(), 45, 0, "write_disposition = \"append\""));
    bench.cartage(&["run", "--limit", "15"]).exits_with(0);
    for (name, _) in PAGINATORS {
        assert_eq!(counts(&bench, name), (20, 20), "{name}: whole pages are taken");
        assert!(remembered(&bench)[name].get("rest_position").is_some(), "{name}: {}", remembered(&bench));
    }
    bench.cartage(&["run"]).exits_with(0);
    for (name, _) in PAGINATORS {
        assert_eq!(counts(&bench, name), (45, 45), "{name}");
        assert_eq!(remembered(&bench)[name].get("rest_position"), None, "{name}: it has come to its end");
    }
    // Nothing was interrupted: another run begins at the beginning.
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(counts(&bench, "pages"), (90, 45));
}

#[test]
fn a_found_paginator_goes_on_and_an_answer_of_many_pages_is_entered_in_its_middle() {
    let (bench, server) = (Bench::new(), RestServer::start());
    let resource = |name: &str, path: &str, more: &str| {
        format!(
            "[[sources.api.resources]]\nname = \"{name}\"\nwrite_disposition = \"append\"\nresume = true\n\
             endpoint = {{ path = \"{path}\"{more} }}\n\n"
        )
    };
    let text = resuming(&server.url(), 10, 0, "write_disposition = \"replace\"");
    let links = resource("links_found", "json_link", "");
    let cursors = resource("cursors_found", "cursor", "");
    let pages = resource("pages_found", "pages_from_zero", "");
    // Two answers of 3 MB each.
    let large = "numbers?total=6000&limit=3000&text=1000";
    let large = resource("large", large, ", paginator = { type = \"json_link\", next_url_path = \"next\" }");
    bench.write("pipeline.toml", format!("{text}{links}{cursors}{pages}{large}"));
    let names = ["links_found", "cursors_found", "pages_found", "large"];
    let args = names.iter().flat_map(|name| ["--resource", name]);
    let mut runs = 0;
    loop {
        let args: Vec<&str> = ["run", "--limit", "8"].into_iter().chain(args.clone()).collect();
        bench.cartage(&args).exits_with(0);
        runs += 1;
        let state = remembered(&bench);
        if state["large"].get("rest_position").is_none() {
            break;
        }
        if runs == 1 {
            assert!(state["large"]["rest_position"]["rows"].as_u64() > Some(0), "{state}");
            assert_eq!(counts(&bench, "links_found"), (10, 10));
            assert_eq!(counts(&bench, "pages_found"), (10, 10));
        }
        if runs == 3 {
            for name in &names[..3] {
                assert_eq!(counts(&bench, name), (25, 25), "{name}");
            }
        }
        assert!(runs < 20, "{state}");
    }
    assert_eq!(counts(&bench, "large"), (6000, 6000), "{runs} runs");
    assert!(runs > 4, "{runs} runs");
}

#[test]
fn credentials_in_links_are_not_remembered() {
    let (bench, server) = (Bench::new(), RestServer::start());
    let text = |auth: &str| {
        resuming(&server.url(), 45, 0, "write_disposition = \"append\"").replace(
            "[sources.api.resource_defaults]",
            &format!("auth = {{ {auth} }}\n\n[sources.api.resource_defaults]"),
        )
    };
    let key = "type = \"api_key\", name = \"api_key\", api_key = \"secret-token\", location = \"query\"";
    bench.write("pipeline.toml", text(key));
    bench.cartage(&["run", "--limit", "15", "--resource", "json_links"]).exits_with(0);
    let state = remembered(&bench).to_string();
    assert!(state.contains("offset=20") && !state.contains("secret-token"), "{state}");
    bench.cartage(&["run", "--resource", "json_links"]).exits_with(0);
    assert_eq!(counts(&bench, "json_links"), (45, 45));
    assert!(
        server
            .seen_at("/numbers")
            .iter()
            .all(|seen| { seen.query.iter().filter(|(name, _)| name == "api_key").count() == 1 })
    );
    for (file, bytes) in cartage_tests::harness::tree(&bench.data_dir()) {
        assert!(!bytes.windows(12).any(|part| part == b"secret-token"), "a secret is in {file}");
    }
    // A parameter that only sounds like one cannot be told apart from it.
    let other = Bench::new();
    let text = text("token = \"secret-token\"").replace("total = 45", "token = \"t\", total = 45");
    other.write("pipeline.toml", text);
    let done = other.cartage(&["run", "--resource", "json_links"]).exits_with(1);
    done.says("resource `json_links`").says("credentials").says("leave `resume` out");
}

#[test]
fn a_position_is_of_no_use_to_another_endpoint_and_can_be_forgotten() {
    let (bench, server) = (Bench::new(), RestServer::start());
    let text = resuming(&server.url(), 45, 0, "write_disposition = \"append\"");
    bench.write("pipeline.toml", &text);
    bench.cartage(&["run", "--limit", "15", "--resource", "pages"]).exits_with(0);
    bench.write("pipeline.toml", text.replace("total = 45", "total = 47"));
    let done = bench.cartage(&["run", "--resource", "pages"]).exits_with(1);
    done.says("resource `pages`").says("its endpoint has changed").says("--state-only");
    bench.cartage(&["drop", "pages", "--state-only", "--yes"]).exits_with(0);
    bench.cartage(&["run", "--resource", "pages"]).exits_with(0);
    assert_eq!(counts(&bench, "pages"), (67, 47));
}

#[test]
fn a_resource_with_a_cursor_has_another_place_to_go_on_from() {
    let (bench, server) = (Bench::new(), RestServer::start());
    let more = "[[sources.api.resources]]\nname = \"x\"\nendpoint = \"posts\"\nincremental = { cursor_path = \"id\" }\n";
    bench.write("pipeline.toml", resuming(&server.url(), 45, 0, "") + more);
    bench.cartage(&["run"]).exits_with(2).says("resume").says("cursor").says("set `resume = false` here");
}

#[test]
fn children_go_on_with_their_parent_and_a_hidden_parent_begins_at_its_first_page() {
    let (bench, server) = (Bench::new(), RestServer::start());
    let child = "[[sources.api.resources]]\nname = \"echoes\"\nwrite_disposition = \"merge\"\nprimary_key = \"query\"\n\
                 endpoint = { path = \"echo\", params = { of = \"{resources.pages.id}\" }, paginator = \"single_page\" }\n";
    let append = "write_disposition = \"append\"";
    bench.write("pipeline.toml", resuming(&server.url(), 45, 0, append) + child);
    let both = ["run", "--resource", "pages", "--resource", "echoes"];
    bench.cartage(&[&both[..], &["--limit", "15"]].concat()).exits_with(0);
    assert!(remembered(&bench)["pages"].get("rest_position").is_some());
    bench.cartage(&["run", "--resource", "echoes"]).exits_with(0);
    assert_eq!(bench.number("SELECT count(*) FROM data.echoes"), 45, "all rows of the parent were asked for");
    assert_eq!(counts(&bench, "pages"), (20, 20));
    bench.cartage(&both).exits_with(0);
    assert_eq!(counts(&bench, "pages"), (45, 45));
}

/// Moments at which the process is killed: spread over the time of an undisturbed run, and in turn over its requests,
/// which come as fast as the machine is at that moment.
const MOMENTS: u32 = 30;

/// Rows of each resource.
const TOTAL: usize = 200;

fn killed_anywhere(hints: &str) {
    let server = RestServer::start();
    let start = || {
        let bench = Bench::new();
        let text = resuming(&server.url(), TOTAL, 20, hints);
        bench.write("pipeline.toml", format!("{text}\n[extract]\npackage_max_rows = 300\n"));
        bench
    };
    let asked = || server.seen().len();
    let undisturbed = start();
    let begin = Instant::now();
    undisturbed.cartage(&["run"]).exits_with(0);
    let whole = begin.elapsed();
    let requests = asked();
    let wanted = content(&undisturbed.database());
    assert!(undisturbed.package_names("loaded").len() > 3, "it makes packages as it goes");
    let (mut killed, mut resumed) = (0, 0);
    for moment in 0..MOMENTS {
        let when = format!("killed after {moment}/{MOMENTS} of {whole:?} with {hints:?}");
        let bench = start();
        let asked_before = asked();
        let mut child = bench.start(&["run"]);
        if moment % 2 == 0 {
            sleep(whole * moment / MOMENTS + Duration::from_millis(1));
        } else {
            let share = requests * moment as usize / MOMENTS as usize;
            while asked() - asked_before < share && child.try_wait().unwrap().is_none() {
                sleep(Duration::from_millis(1));
            }
        }
        let _ = child.kill();
        let was_killed = child.wait().unwrap().signal().is_some();
        // Without the marker of a run it was over, and another one is a new run.
        let is_over = !bench.data_dir().join("pipelines/test/run.json").exists()
            && !bench.package_names("loaded").is_empty();
        if was_killed && !is_over {
            killed += 1;
            let before = asked();
            bench.cartage(&["run"]).exits_with(0);
            resumed += u32::from(asked() - before < requests * 9 / 10);
        }
        assert_eq!(content(&bench.database()), wanted, "{when}");
        assert!(!remembered(&bench).to_string().contains("rest_position"), "{when}: {}", remembered(&bench));
        for folder in ["staging", "extracted", "normalized"] {
            assert_eq!(bench.package_names(folder), [""; 0], "{folder}/ is left empty: {when}");
        }
    }
    assert!(killed >= 10 && resumed >= 3, "{killed} were killed, {resumed} went on");
}

#[test]
fn a_killed_append_goes_on_and_no_row_is_lost_or_doubled() {
    killed_anywhere("write_disposition = \"append\"");
}

#[test]
fn a_killed_merge_goes_on_and_no_row_is_lost_or_doubled() {
    killed_anywhere("write_disposition = \"merge\"\nprimary_key = \"id\"");
}
