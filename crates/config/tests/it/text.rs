//! The type of a key decides what a value is, never its look.

use std::collections::BTreeMap;

use cartage_config::{Secret, Section, Written};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Project;

/// Texts that look like something else.
const TEXTS: [&str; 14] = [
    "1e5",
    "1.10",
    "1.5",
    "007",
    "42",
    "-0",
    "true",
    "True",
    "null",
    "2024-01-01",
    "[1]",
    "{\"a\": 1}",
    " x ",
    "NaN",
];

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Keys {
    password: Option<Secret>,
    path: String,
    headers: BTreeMap<String, String>,
    params: BTreeMap<String, Written>,
    nested: Nested,
    number: Option<f64>,
    count: Option<u32>,
    flag: Option<bool>,
    any: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Nested {
    database: Option<String>,
}

fn section(project: &Project) -> Section {
    project.config().sources.remove(0).section
}

fn keys(project: &Project) -> Keys {
    section(project).parse().expect("no fault")
}

const FILE: &str = "[pipeline]\nname = 'p'\n[sources.s]\ntype = 'x'\n";

#[test]
fn text_keys_get_the_text_as_it_is() {
    for text in TEXTS {
        let environment = Project::new(FILE).env(&[
            ("SOURCES__S__PASSWORD", text),
            ("SOURCES__S__PATH", text),
            ("SOURCES__S__HEADERS__A", text),
            ("SOURCES__S__PARAMS__A", text),
            ("SOURCES__S__NESTED__DATABASE", text),
        ]);
        let options = ["password", "path", "headers.A", "params.A", "nested.database"];
        let options = options
            .iter()
            .fold(Project::new(FILE), |project, key| project.set(&format!("sources.s.{key}={text}")));
        let quoted = toml_text(text);
        let secrets = Project::new(FILE).file(
            ".cartage/secrets.toml",
            &format!(
                "[sources.s]\npassword = {quoted}\npath = {quoted}\nheaders.A = {quoted}\nparams.A = {quoted}\n\
                 nested.database = {quoted}\n"
            ),
        );
        for project in [environment, options, secrets] {
            let keys = keys(&project);
            assert_eq!(keys.password.as_ref().map(Secret::expose), Some(text));
            assert_eq!((keys.path.as_str(), keys.nested.database.as_deref()), (text, Some(text)));
            assert_eq!(keys.headers.into_values().collect::<Vec<_>>(), [text]);
            assert_eq!(keys.params.into_values().collect::<Vec<_>>(), [Written(json!(text))]);
        }
    }
}

fn toml_text(text: &str) -> String {
    format!("'{text}'")
}

#[test]
fn numbers_and_booleans_are_read_where_the_key_has_their_type() {
    let project = Project::new(FILE).env(&[
        ("SOURCES__S__NUMBER", "1e5"),
        ("SOURCES__S__COUNT", " 7 "),
        ("SOURCES__S__FLAG", "True"),
    ]);
    let keys = keys(&project);
    assert_eq!((keys.number, keys.count, keys.flag), (Some(1e5), Some(7), Some(true)));
}

#[test]
fn where_any_type_will_do_only_what_loses_nothing_is_no_text() {
    for (text, wanted) in [
        ("1e5", json!("1e5")),
        ("1.10", json!("1.10")),
        ("007", json!("007")),
        ("-0", json!("-0")),
        ("True", json!("True")),
        ("null", json!("null")),
        ("12345678901234567890", json!("12345678901234567890")),
        (" 5 ", json!(" 5 ")),
        ("42", json!(42)),
        ("-1.5", json!(-1.5)),
        ("true", json!(true)),
        ("[1, \"a\"]", json!([1, "a"])),
        ("{\"a\": 1}", json!({"a": 1})),
    ] {
        assert_eq!(keys(&Project::new(FILE).env(&[("SOURCES__S__ANY", text)])).any, wanted, "{text}");
    }
}

#[test]
fn a_number_of_the_file_is_never_printed_otherwise() {
    let file = |rest: &str| Project::new(&format!("{FILE}{rest}"));
    let written = file(
        "params = { a = 1.10, b = 1e5, c = 0x1F, d = 1_000, e = 2024-01-01 10:00:00, f = [1.50, 2], g = true }\n",
    );
    let shown: Vec<Value> = keys(&written).params.into_values().map(|Written(value)| value).collect();
    let wanted = json!(["1.10", "1e5", "0x1F", "1_000", "2024-01-01 10:00:00", ["1.50", 2], true]);
    assert_eq!(Value::Array(shown), wanted);
    let error = section(&file("path = 1.10\n")).parse::<Keys>().expect_err("no text").to_string();
    assert!(error.contains("`sources.s.path` is the number 1.1, expected text"), "{error}");
    let text = "[pipeline]\nname = 'p'\ndestination = 'x'\n[destination.x]\na = 1.10\nb = 1e5\nc = 5\nd = true\n\
                e.f = 1_000\ng = 2024-01-01\n";
    let section = Project::new(text).config().destination.expect("a destination").section;
    let texts: BTreeMap<String, String> =
        section.untyped(&[]).expect("no fault").without(&["e"]).parse().expect("texts");
    let wanted = [("a", "1.10"), ("b", "1e5"), ("c", "5"), ("d", "true"), ("g", "2024-01-01")];
    assert!(texts.iter().map(|(key, text)| (key.as_str(), text.as_str())).eq(wanted), "{texts:?}");
    let below: BTreeMap<String, String> =
        section.untyped(&[]).expect("no fault").table_at("e").expect("a table").parse().expect("texts");
    assert_eq!(below["f"], "1_000");
}

#[derive(Deserialize)]
struct Driver {
    credentials: BTreeMap<String, String>,
    bucket_url: String,
}

#[test]
fn drivers_get_texts_of_the_environment_as_they_are() {
    for text in TEXTS {
        let project = Project::new("[pipeline]\nname = 'p'\ndestination = 'x'\n[destination.x]\n")
            .env(&[("DESTINATION__X__CREDENTIALS__PASSWORD", text), ("DESTINATION__X__BUCKET_URL", text)]);
        let section = project.config().destination.expect("a destination").section;
        let keys: Driver = section.untyped(&[]).expect("no fault").parse().expect("texts");
        assert_eq!([keys.credentials["password"].as_str(), keys.bucket_url.as_str()], [text; 2]);
    }
}
