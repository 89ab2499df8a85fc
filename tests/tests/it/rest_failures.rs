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
        ("dripping", 1),
        ("moved", 1),
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
        ("always_down", "status 500", "run again later"),
        ("always_truncated", "ended early", "run again"),
        ("slow", "no answer within 1 seconds", "raise `client.session.request_timeout`"),
        ("stalled", "no answer within 1 seconds", "raise `client.session.request_timeout`"),
        ("forbidden", "status 403", "ask for the permission, or check `path`"),
        ("nowhere", "status 404", "check `base_url` and `path`"),
        ("html", "HTML, not JSON (its content type is text/html)", "may be the page of a login"),
        ("wrong_json", "not JSON", "line 1 column 20"),
        ("half_json", "ends early", "line 1 column 20"),
    ];
    for (path, said, remedy) in cases {
        let server = RestServer::start();
        let auth = "auth = { token = \"secret-token\" }";
        let (bench, done) = run(&server.url(), auth, &at(&format!("fail/{path}")));
        let done = done.exits_with(1).says(said).says(remedy).says("source `api`, resource `r`");
        let done = done.says(&format!("GET {}/fail/{path}", server.url()));
        assert!(!done.stderr.contains("secret-token"), "{}", done.stderr);
        assert!(bench.package_names("extracted").is_empty() && bench.package_names("staging").is_empty());
    }
}

#[test]
fn wrong_addresses_and_credentials_are_told_apart() {
    let server = RestServer::start();
    let url = server.url();
    let fails = |address: &str, auth: &str, path: &str, words: &[&str]| {
        let done = run(address, auth, &at(path)).1.exits_with(1).says("source `api`, resource `r`");
        let done = done.says(&format!("GET {address}/{path}"));
        let done = words.iter().fold(done, |done, word| done.says(word));
        assert!(!done.stderr.contains("wrong-token"), "{}", done.stderr);
    };
    fails(
        "http://127.0.0.1:9",
        "",
        "x",
        &["nothing listens at this address", "check host and port of `base_url`"],
    );
    fails("http://no-such-host.invalid", "", "x", &["there is no host of this name", "check `base_url`"]);
    fails(&url, "", "auth/bearer", &["status 401", "set `client.auth`"]);
    let wrong = "auth = { token = \"wrong-token\" }";
    fails(&url, wrong, "auth/bearer", &["status 401", "`client.auth` are not accepted", "secrets.toml"]);
    let wrong =
        "auth = { type = \"api_key\", name = \"odd\", api_key = \"wrong-token\", location = \"query\" }";
    fails(&url, wrong, "auth/key_in_query", &["status 401"]);
    let wrong = format!(
        "auth = {{ type = \"oauth2_client_credentials\", access_token_url = \"{url}/token\", client_id = \"me\", \
         client_secret = \"wrong-token\" }}"
    );
    fails(&url, &wrong, "auth/oauth", &["cannot get a token", "/token", "status 401", "client_secret"]);
    let with_key = run(&url, "", &at("auth/bearer?api_key=wrong-token&x=1")).1.exits_with(1);
    assert!(with_key.stderr.contains("api_key=***&x=1"), "{}", with_key.stderr);
    fails(&url.replace("http://", "https://"), "", "x", &["`base_url`"]);
}

#[test]
fn pages_without_end_and_selectors_without_rows_stop_the_run() {
    let server = RestServer::start();
    for (path, more, words) in [
        ("fail/same_page", "", ["gives the same page again", "check `paginator`"]),
        (
            "fail/deaf",
            "paginator = { type = \"page_number\", total_path = \"\" }",
            ["gave the same page 3 times", "parameter of the paginator; check its name"],
        ),
        ("pages", "data_selector = \"rows\"", ["`rows` finds nothing", "its keys are meta, data, total"]),
        (
            "offset_without_total",
            "paginator = { type = \"offset\", limit = 10 }",
            ["no total at `total`", "set `total_path`"],
        ),
        ("posts", "incremental = { cursor_path = \"changed\" }", ["`changed`", "on_cursor_value_missing"]),
        ("fail/round_and_round", "", ["redirected more than 30 times", "check `base_url` and `path`"]),
    ] {
        let endpoint = format!("{{ path = \"{path}\", {more} }}").replace(",  }", " }");
        let done = run(&server.url(), "", &endpoint).1.exits_with(1).says("source `api`, resource `r`");
        let done = done.says(&format!("GET {}/{path}", server.url()));
        words.into_iter().fold(done, Done::says);
    }
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
        ("{ path = \"a/{resources.b.id}\" }", "not another resource"),
        ("{ method = \"BREW\" }", "BREW"),
        ("{ data_selector = \"a[?(@.b)]\" }", "a[?(@.b)]"),
        ("{ response_actions = [{ status_code = 404, action = \"panic\" }] }", "panic"),
    ] {
        run("http://127.0.0.1:9", "", endpoint).1.exits_with(2).says(said);
    }
    run("http://127.0.0.1:9", "auth = \"bearer\"", &at("x")).1.exits_with(2).says("token");
}
