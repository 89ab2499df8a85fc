//! `source check`: what it shows, and that it leaves nothing behind.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use cartage_test_support::RestServer;
use cartage_tests::harness::{Bench, Done, tree};
use serde_json::Value;

fn check(bench: &Bench, more: &[&str]) -> Done {
    let before = tree(bench.path());
    let done = bench.cartage(&[&["source", "check"][..], more].concat());
    assert_eq!(tree(bench.path()), before, "it writes nothing");
    done
}

fn json(bench: &Bench, more: &[&str], code: i32) -> Value {
    let done = check(bench, &[&["--format", "json"][..], more].concat()).exits_with(code);
    serde_json::from_str(&done.stdout).unwrap()
}

fn api(url: &str, resources: &str) -> String {
    format!(
        "[pipeline]\nname = \"test\"\ndestination = \"duckdb\"\n\n[sources.api]\ntype = \"rest_api\"\n\n\
         [sources.api.client]\nbase_url = \"{url}\"\nauth = {{ token = \"secret-token\" }}\n\n{resources}"
    )
}

#[test]
fn it_shows_what_it_chose_and_what_the_first_page_has() {
    let (bench, server) = (Bench::new(), RestServer::start());
    let resources = r#"
[[sources.api.resources]]
name = "json_link"

[[sources.api.resources]]
name = "numbers"
endpoint = { data_selector = "items", params = { total = 1000 }, paginator = { type = "offset", limit = 5 } }

[[sources.api.resources]]
name = "posts"
table_name = "articles"
endpoint.paginator = "single_page"

[[sources.api.resources]]
name = "comments"
endpoint = "posts/{resources.posts.id}/comments"
"#;
    bench.write("pipeline.toml", api(&server.url(), resources));
    let found = json(&bench, &[], 0);
    let resource = |nth: usize| found["sources"][0]["resources"][nth].clone();
    let finding = |nth: usize, name: &str| {
        let findings = resource(nth)["findings"].as_array().unwrap().clone();
        let one = findings.into_iter().find(|finding| finding["name"] == name).unwrap();
        (one["value"].as_str().unwrap().to_owned(), one["found"].as_bool().unwrap())
    };
    assert_eq!(finding(0, "paginator"), ("json_link at `links.next`".to_owned(), true));
    assert_eq!(finding(0, "selector"), ("items".to_owned(), true));
    assert_eq!(finding(1, "paginator").0, "offset in the parameter `offset`, total at `total`");
    assert!(!finding(1, "paginator").1 && !finding(1, "selector").1);
    assert_eq!(resource(0)["rows"], 10);
    assert_eq!(resource(0)["first_row"]["name"], "row 1");
    let columns: Vec<String> = resource(0)["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| {
            format!("{} {}", column["name"].as_str().unwrap(), column["data_type"].as_str().unwrap())
        })
        .collect();
    assert_eq!(columns, ["id bigint", "name text", "price double", "tags list"]);
    assert_eq!(resource(2)["table"], "articles");
    // The first post has no comments, the second one has.
    assert_eq!((resource(3)["parent"].as_str(), resource(3)["rows"].as_u64()), (Some("posts"), Some(1)));
    let asked = server.seen().len();
    assert!(asked < 80, "first pages only, not {asked} requests");

    let text = check(&bench, &["--resource", "json_link"]).exits_with(0).stdout;
    for line in [
        "source api of type rest_api",
        "json_link: ok",
        "  paginator  json_link at `links.next` (found)",
        "  selector   items (found)",
        "  rows       10 on the first page",
        "  columns    id bigint, name text, price double, tags list",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
    assert!(text.contains(&format!("GET {}/json_link", server.url())), "{text}");
}

#[test]
fn a_resource_that_fails_does_not_hide_the_others() {
    let (bench, server) = (Bench::new(), RestServer::start());
    let resources = r#"
[[sources.api.resources]]
name = "private"
endpoint = "fail/forbidden"

[[sources.api.resources]]
name = "below"
endpoint = "posts/{resources.private.id}"

[[sources.api.resources]]
name = "unicode"
incremental = { cursor_path = "changed" }

[[sources.api.resources]]
name = "posts"
"#;
    bench.write("pipeline.toml", api(&server.url(), resources));
    let done = check(&bench, &[]).exits_with(1);
    for text in [
        "private: cannot be read",
        "status 403",
        "/fail/forbidden",
        "ask for the permission",
        "below, asked for rows of private: cannot be read",
        "there is no row of its parent `private`",
        "unicode: cannot be read",
        "`changed`",
        "posts: ok",
    ] {
        assert!(done.stdout.contains(text), "{text:?} is not in\n{}", done.stdout);
    }
    assert!(!format!("{}{}", done.stdout, done.stderr).contains("secret-token"));
    let found = json(&bench, &["--resource", "posts"], 0);
    assert_eq!(found["sources"][0]["resources"].as_array().unwrap().len(), 1);
    check(&bench, &["--resource", "pots"]).exits_with(2).says("pots").says("posts");
}

#[test]
fn files_are_looked_at_the_same_way() {
    let bench = Bench::new();
    bench.write("a.jsonl", "{\"id\": 1, \"at\": \"2024-05-01T10:00:00Z\", \"in\": {\"b\": 1}}\n");
    bench.write("b.csv", "id,name\n7,Ann\n");
    bench.pipeline(
        "[[sources.test.resources]]\nname = \"a\"\npath = \"a.jsonl\"\n\
         [[sources.test.resources]]\nname = \"b\"\npath = \"b.csv\"\n\
         [[sources.test.resources]]\nname = \"c\"\npath = \"no.jsonl\"\n",
    );
    let done = check(&bench, &[]).exits_with(1);
    for text in [
        "a: ok",
        "columns    id bigint, at timestamp, in object",
        "b: ok",
        "first row  {\"id\":7,\"name\":\"Ann\"}",
        "c: cannot be read",
        "hint       check `path`",
    ] {
        assert!(done.stdout.contains(text), "{text:?} is not in\n{}", done.stdout);
    }
    bench.write("pipeline.toml", "[pipeline]\nname = \"test\"\n[sources.a]\ntype = \"odd\"\n");
    check(&bench, &[]).exits_with(2).says("odd");
    check(&bench, &["nowhere.toml"]).exits_with(2).says("nowhere.toml");
}
