//! Programs that speak the source protocol.

use cartage_source_api::{Resume, RouteScope};
use cartage_sources_process::process;
use serde_json::{Map, Value, json};

use crate::support::{Folder, Run, take};

/// A program that opens with these lines, then reads the request into `request.json` and writes the others.
fn program(opening: &[Value], reading: &str) -> Folder {
    let lines: Vec<String> = opening.iter().map(|line| format!("echo '{line}'")).collect();
    Folder::with(&format!(
        "read -r start; echo \"$start\" > start.json\n\
         echo '{{\"type\":\"hello\",\"protocol\":1,\"program\":\"test 1\"}}'\n{}\necho '{{\"type\":\"ready\"}}'\n\
         read -r request || exit 0; echo \"$request\" > request.json\n{reading}\n",
        lines.join("\n")
    ))
}

fn orders() -> Vec<Value> {
    vec![
        json!({"type": "source", "max_table_nesting": 2}),
        json!({"type": "resource", "name": "orders", "hints": {"primary_key": "id", "write_disposition": "merge"},
               "resume": "at_checkpoints"}),
        json!({"type": "resource", "name": "lines", "selected": false, "routes": "other_tables"}),
    ]
}

const PROTOCOL: &str = r#"{"output": "protocol"}"#;

fn keys() -> Value {
    serde_json::from_str(PROTOCOL).unwrap()
}

#[test]
fn a_program_says_what_it_has_and_is_told_its_configuration_and_state() {
    let folder = program(
        &orders(),
        r#"echo '{"type":"row","resource":"orders","row":{"id":1, "b":"\uf0261.5"}}'
           echo '{"type":"state","set":{"n":5}}'
           echo '{"type":"state","resource":"orders","set":{"page":2},"remove":["old"]}'
           echo '{"type":"warning","message":"half of it is old","resource":"orders"}'
           echo '{"type":"log","level":"info","message":"hello"}'
           echo '{"type":"end"}'"#,
    );
    let mut keys = keys();
    keys["config"] = json!({"url": "x", "token": "geheim"});
    let source = folder.source(process, keys, json!({"orders": {"write_disposition": "append"}})).unwrap();
    assert_eq!(source.schema.max_table_nesting, Some(2));
    let orders = &source.resources[1];
    let hints = serde_json::to_value(&orders.hints).unwrap();
    assert_eq!(
        (hints["primary_key"].as_str(), hints["write_disposition"].as_str()),
        (Some("id"), Some("append"))
    );
    assert_eq!(orders.producer.resume(), Resume::AtEachPage);
    let lines = &source.resources[2];
    assert_eq!((lines.selected, lines.producer.route_scope()), (false, RouteScope::OtherTables));

    let state = json!({"n": 4, "resources": {"orders": {"page": 1, "old": true}}});
    let taken = take(source, state.as_object().unwrap()).unwrap();
    assert_eq!(taken.rows["orders"], [json!({"id": 1, "b": "\u{f026}1.5"})]);
    assert_eq!(Value::Object(taken.state), json!({"n": 5, "resources": {"orders": {"page": 2}}}));
    assert_eq!(taken.warnings, ["resource `orders`: half of it is old"]);
    let start: Value = serde_json::from_str(&folder.read("start.json")).unwrap();
    assert_eq!(start["config"], json!({"url": "x", "token": "geheim"}));
    let request: Value = serde_json::from_str(&folder.read("request.json")).unwrap();
    assert_eq!((&request["resources"], &request["state"]), (&json!(["orders"]), &state));
}

#[test]
fn many_rows_come_as_payload_and_go_to_the_tables_that_they_name() {
    let folder = program(
        &orders(),
        r#"echo '{"type":"rows","resource":"lines","format":"jsonl","bytes":16,"table":"lines_a"}'
           printf '{"a":1}\n{"a":2}\n'
           echo '{"type":"rows","resource":"lines","format":"jsonl","bytes":7}'
           printf '{"b":1}'
           echo '{"type":"rows","resource":"lines","format":"columns","bytes":42}'
           printf '{"b":[2,3],"\\uf028at":["2024-05-06",null]}'
           echo '{"type":"end"}'"#,
    );
    let mut keys = keys();
    keys["with_resources"] = json!(["lines"]);
    let taken = take(folder.source(process, keys, json!({})).unwrap(), &Map::new()).unwrap();
    assert_eq!(taken.rows["lines_a"], [json!({"a": 1}), json!({"a": 2})]);
    let of_columns = [json!({"b": 2, "at": "\u{f028}2024-05-06"}), json!({"b": 3, "at": null})];
    assert_eq!(taken.rows["lines"], [&[json!({"b": 1})], &of_columns[..]].concat());
    assert!(!taken.rows.contains_key("orders"));
}

#[test]
fn a_checkpoint_comes_after_the_rows_of_all_resources_before_it() {
    // Rows of more than a page, so that the checkpoints are not joined.
    let folder = program(
        &[
            json!({"type": "resource", "name": "a", "resume": "at_checkpoints"}),
            json!({"type": "resource", "name": "b", "resume": "at_checkpoints"}),
        ],
        r#"text=$(head -c 600000 /dev/zero | tr '\0' x)
           for n in 1 2 3; do
             echo "{\"type\":\"row\",\"resource\":\"a\",\"row\":{\"n\":$n,\"text\":\"$text\"}}"
             echo "{\"type\":\"row\",\"resource\":\"b\",\"row\":{\"n\":$n}}"
             echo "{\"type\":\"state\",\"set\":{\"n\":$n}}"
             echo '{"type":"checkpoint"}'
           done
           echo '{"type":"end"}'"#,
    );
    let taken = take(folder.source(process, keys(), json!({})).unwrap(), &Map::new()).unwrap();
    let seen: Vec<_> =
        taken.checkpoints.iter().map(|(rows, state)| (*rows, state["n"].as_i64().unwrap())).collect();
    assert_eq!(seen, [(2, 1), (4, 2), (6, 3), (6, 3)]);
}

#[test]
fn after_a_resource_was_closed_early_no_state_is_taken() {
    let folder = program(
        &[
            json!({"type": "resource", "name": "a", "resume": "at_checkpoints"}),
            json!({"type": "resource", "name": "b", "resume": "at_checkpoints"}),
        ],
        r#"for n in 1 2 3; do
             echo "{\"type\":\"rows\",\"resource\":\"a\",\"format\":\"jsonl\",\"bytes\":9}"
             echo "{\"n\": $n}"
             echo "{\"type\":\"state\",\"set\":{\"n\":$n}}"
             echo '{"type":"checkpoint"}'
           done
           echo '{"type":"end"}'"#,
    );
    let mut run = Run::of(folder.source(process, keys(), json!({})).unwrap(), &Map::new());
    assert!(run.step().unwrap());
    run.close("a");
    let taken = run.finish().unwrap();
    assert_eq!(Value::Object(taken.state).get("n"), None);
}

#[test]
fn what_the_program_says_wrong_is_an_error_that_names_it() {
    for (line, parts) in [
        ("hello there", vec!["line 1", "not a message of the source protocol", "hello there"]),
        (r#"{"type":"row","resource":"oders","row":{}}"#, vec!["no resource `oders`", "orders"]),
        (r#"{"type":"row","resource":"orders"}"#, vec!["has no `row`"]),
        (
            r#"{"type":"row","resource":"orders","row":{},"table":"x"}"#,
            vec!["has not announced", "other_tables"],
        ),
        (r#"{"type":"rows","resource":"orders","format":"csv","bytes":0}"#, vec!["format `csv`"]),
        (r#"{"type":"roows"}"#, vec!["`roows` is unknown"]),
        (r#"{"type":"state","set":{"resources":{}}}"#, vec!["with the key `resource`"]),
        (
            r#"{"type":"error","message":"no such user","kind":"config","details":"at line 7"}"#,
            vec!["no such user", "configuration is wrong", "at line 7"],
        ),
        (r#"{"type":"error","message":"gone","resource":"orders"}"#, vec!["gone"]),
    ] {
        let folder = program(&orders(), &format!("cat <<'END'\n{line}\nEND\nsleep 5"));
        let error = take(folder.source(process, keys(), json!({})).unwrap(), &Map::new()).unwrap_err();
        assert!(parts.iter().all(|part| error.contains(part)), "{line}: {error}");
    }
}

#[test]
fn an_end_that_is_too_early_is_an_error() {
    for (reading, part) in [
        (r#"echo '{"type":"row","resource":"orders","row":{}}'"#, "without the message `end`"),
        (r#"echo '{"type":"end"}'; exit 4"#, "exit code 4"),
        (
            r#"echo '{"type":"end"}'; echo '{"type":"row","resource":"orders","row":{}}'"#,
            "after it has said that all is told",
        ),
        (
            r#"echo '{"type":"rows","resource":"orders","format":"jsonl","bytes":99}'; echo x"#,
            "in the middle of a message",
        ),
        ("kill -9 $$", "signal 9"),
    ] {
        let folder = program(&orders(), reading);
        let error = take(folder.source(process, keys(), json!({})).unwrap(), &Map::new()).unwrap_err();
        assert!(error.contains(part), "{reading}: {error}");
    }
}

#[test]
fn an_opening_that_is_wrong_is_an_error() {
    let hello = r#"echo '{"type":"hello","protocol":1}'"#;
    for (script, part) in [
        ("exit 2".to_owned(), "exit code 2"),
        (hello.to_owned(), "before the message `ready`"),
        (r#"echo '{"type":"hello","protocol":2}'"#.to_owned(), "speaks version 2"),
        (r#"echo '{"type":"ready"}'"#.to_owned(), "instead of `hello`"),
        (
            format!(r#"{hello}; echo '{{"type":"resource","name":"a","resume":"soon"}}'"#),
            "`resume` of resource `a`",
        ),
        (
            format!(r#"{hello}; echo '{{"type":"resource","name":"a","hints":{{"primary_kee":1}}}}'"#),
            "hints of resource `a`",
        ),
        (r#"echo '{"type":"error","message":"no module shop"}'; sleep 5"#.to_owned(), "no module shop"),
    ] {
        let folder = Folder::with(&script);
        let error = folder.source(process, keys(), json!({})).unwrap_err();
        assert!(error.contains(part), "{script}: {error}");
    }
}

#[test]
fn names_that_the_program_does_not_have_are_refused() {
    let folder = program(&orders(), "");
    let error = folder.source(process, keys(), json!({"order": {}})).unwrap_err();
    assert!(error.contains("no resource `order`; did you mean `orders`?"), "{error}");
    let mut keys = keys();
    keys["with_resources"] = json!(["nothing"]);
    let error = folder.source(process, keys, json!({})).unwrap_err();
    assert!(error.contains("with_resources") && error.contains("no resource `nothing`"), "{error}");
}

#[test]
fn a_checkpoint_behind_large_rows_is_not_passed_over() {
    let rows = "{\"id\":1,\"text\":\"0123456789012345678901234567890123456789\"}\n".repeat(10_000);
    let mut resource = orders();
    resource.truncate(2);
    let folder = program(
        &resource,
        &format!(
            r#"for page in 1 2 3; do
               echo '{{"type":"rows","resource":"orders","format":"jsonl","bytes":{}}}'
               cat rows
               echo "{{\"type\":\"state\",\"resource\":\"orders\",\"set\":{{\"page\":$page}}}}"
               echo '{{"type":"checkpoint"}}'
               done
               echo '{{"type":"end"}}'"#,
            rows.len()
        ),
    );
    folder.write("rows", &rows);
    let taken = take(folder.source(process, keys(), json!({})).unwrap(), &Map::new()).unwrap();
    let pages =
        taken.checkpoints.iter().map(|(rows, state)| (*rows, state["resources"]["orders"]["page"].clone()));
    assert_eq!(
        pages.take(3).collect::<Vec<_>>(),
        [(10_000, json!(1)), (20_000, json!(2)), (30_000, json!(3))]
    );
}
