//! An API that fails: what passes is tried again, what does not is said plainly.

use cartage_test_support::RestServer;
use cartage_tests::harness::{Bench, Done};

/// Runs a source of one resource `r` against an address.
fn run(address: &str, client: &str, endpoint: &str) -> (Bench, Done) {
    let bench = Bench::new();
    bench.write(
        "pipeline.toml",
        format!(
            "[pipeline]\nname = \"test\"\ndestination = \"duckdb\"\ndataset_name = \"data\"\n\n[destination.duckdb]\n\
             path = \"out.duckdb\"\n\n[sources.api]\ntype = \"rest_api\"\n\n[sources.api.client]\n\
             base_url = \"{address}\"\nsession = {{ request_backoff_factor = 0.05, request_timeout = 1.0 }}\n{client}\n\n\
             [[sources.api.resources]]\nname = \"r\"\nendpoint = {endpoint}\n"
        ),
    );
    let done = bench.cartage(&["run"]);
    (bench, done)
}

fn at(path: &str) -> String {
    format!("{{ path = \"{path}\", paginator = \"single_page\" }}")
}

#[test]
fn what_passes_is_tried_again() {
    for (path, requests) in [
        ("busy", 2),
        ("flaky", 3),
        ("dropped", 3),
        ("truncated", 2),
        ("gzip", 1),
        ("wrong_type", 1),
        ("no_content", 1),
    ] {
        let server = RestServer::start();
        let started = std::time::Instant::now();
        let (bench, done) = run(&server.url(), "", &at(&format!("fail/{path}")));
        done.exits_with(0);
        assert_eq!(server.seen_at(&format!("/fail/{path}")).len(), requests, "{path}");
        if path == "busy" {
            assert!(started.elapsed().as_secs_f64() >= 1.0, "Retry-After says one second");
        }
        if path != "no_content" {
            assert!(bench.number("SELECT count(*) FROM data.r") > 0, "{path}");
        }
    }
}

#[test]
fn what_does_not_pass_is_said_with_resource_address_and_remedy() {
    let cases = [
        ("always_down", "status 500"),
        ("always_truncated", "broke off"),
        ("slow", "request_timeout"),
        ("forbidden", "status 403"),
        ("nowhere", "status 404"),
        ("html", "HTML, not JSON"),
        ("wrong_json", "no JSON"),
        ("half_json", "breaks off"),
    ];
    for (path, said) in cases {
        let server = RestServer::start();
        let auth = "auth = { token = \"secret-token\" }";
        let (bench, done) = run(&server.url(), auth, &at(&format!("fail/{path}")));
        let done = done.exits_with(1).says(said).says("resource `r`").says(&format!("/fail/{path}"));
        assert!(!done.stderr.contains("secret-token"), "{}", done.stderr);
        assert!(bench.package_names("extracted").is_empty() && bench.package_names("staging").is_empty());
    }
}

#[test]
fn wrong_addresses_and_credentials_are_told_apart() {
    let server = RestServer::start();
    run("http://127.0.0.1:9", "", &at("x")).1.exits_with(1).says("nobody listens");
    run("http://no-such-host.invalid", "", &at("x")).1.exits_with(1).says("resource `r`").says("base_url");
    run(&server.url(), "", &at("auth/bearer")).1.exits_with(1).says("401").says("set `client.auth`");
    let wrong = "auth = { token = \"wrong-token\" }";
    let done = run(&server.url(), wrong, &at("auth/bearer")).1.exits_with(1).says("401").says("not accepted");
    assert!(!done.stderr.contains("wrong-token"));
    let wrong =
        "auth = { type = \"api_key\", name = \"odd\", api_key = \"wrong-token\", location = \"query\" }";
    let done = run(&server.url(), wrong, &at("auth/key_in_query")).1.exits_with(1).says("401");
    assert!(!done.stderr.contains("wrong-token"));
    let url = server.url().replace("http://", "https://");
    run(&url, "", &at("x")).1.exits_with(1).says("resource `r`");
}

#[test]
fn pages_without_end_and_selectors_without_rows_stop_the_run() {
    let server = RestServer::start();
    run(&server.url(), "", "{ path = \"fail/same_page\" }").1.exits_with(1).says("same page");
    let deaf = "{ path = \"fail/deaf\", paginator = { type = \"page_number\", total_path = \"\" } }";
    run(&server.url(), "", deaf).1.exits_with(1).says("same page");
    let nothing = "{ path = \"pages\", data_selector = \"rows\" }";
    run(&server.url(), "", nothing)
        .1
        .exits_with(1)
        .says("`rows` finds nothing")
        .says("its keys are meta, data, total");
    let no_total = "{ path = \"offset_without_total\", paginator = { type = \"offset\", limit = 10 } }";
    run(&server.url(), "", no_total).1.exits_with(1).says("no total at `total`");
    let cursor = "{ path = \"posts\", incremental = { cursor_path = \"changed\" } }";
    run(&server.url(), "", cursor).1.exits_with(1).says("changed");
    let server_large = at("fail/large");
    let bench = run(&server.url(), "", &server_large).0;
    let text = std::fs::read_to_string(bench.path().join("pipeline.toml")).unwrap();
    let text = text.replace("request_timeout = 1.0", "request_timeout = 9.0, max_response_bytes = 1000");
    bench.write("pipeline.toml", text);
    bench.cartage(&["run"]).exits_with(1).says("larger than 1000 bytes");
}

#[test]
fn mistakes_in_the_configuration_are_usage_errors_with_their_place() {
    for (endpoint, said) in [
        ("{ paginater = \"auto\" }", "paginater"),
        ("{ paginator = \"ofset\" }", "ofset"),
        ("{ paginator = \"offset\" }", "limit"),
        ("{ paginator = { type = \"cursor\", limit = 3 } }", "belongs to offset"),
        ("{ path = \"a/{b}\" }", "{b}"),
        ("{ path = \"a/{resources.b.id}\" }", "no other resource"),
        ("{ method = \"BREW\" }", "BREW"),
        ("{ data_selector = \"a[?(@.b)]\" }", "a[?(@.b)]"),
        ("{ response_actions = [{ status_code = 404, action = \"panic\" }] }", "panic"),
    ] {
        run("http://127.0.0.1:9", "", endpoint).1.exits_with(2).says(said);
    }
    run("http://127.0.0.1:9", "auth = \"bearer\"", &at("x")).1.exits_with(2).says("token");
}
