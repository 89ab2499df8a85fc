//! Every mistake is refused with the key, the place and a remedy.

use cartage_config::Secret;
use serde::Deserialize;

use crate::Project;

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only errors are looked at")]
struct Api {
    base_url: String,
    #[serde(default)]
    pages: Option<u32>,
    #[serde(default)]
    port: Option<Secret>,
    #[serde(default)]
    token: Option<u64>,
}

fn fault(rest: &str) -> String {
    let project = Project::new(&format!("[pipeline]\nname = 'p'\n[sources.shop]\ntype = 'api'\n{rest}"));
    let section = project.config().sources[0].section.clone();
    project.message(&section.parse::<Api>().expect_err("an error"))
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_the_nearest_one() {
    assert_eq!(
        Project::new("[pipeline]\nname = 'p'\n  datset_name = 'x'\n").error(),
        "pipeline.toml:3:3: unknown key `pipeline.datset_name`; did you mean `dataset_name`?"
    );
    assert_eq!(
        Project::new("[pipeline]\nname = 'p'\n[sorces.x]\n").error(),
        "pipeline.toml:3:2: unknown key `sorces`; did you mean `sources`?"
    );
    assert_eq!(
        fault("base_url = 'u'\npagse = 1\n"),
        "pipeline.toml:6:1: unknown key `sources.shop.pagse`; did you mean `pages`?"
    );
    assert_eq!(
        Project::new("[pipeline]\nname = 'p'\n").set("load.wrokers=1").error(),
        "--set load.wrokers: unknown key `load.wrokers`; did you mean `workers`?"
    );
    assert_eq!(
        Project::new("[pipeline]\nname = 'p'\n[sources.shop]\ntype = 'x'\n")
            .set("sources.shpo.path=1")
            .error(),
        "--set sources.shpo: unknown key `sources.shpo`; did you mean `shop`?"
            .replace("--set sources.shpo:", "--set sources.shpo.path:")
    );
    assert_eq!(
        Project::new("[pipeline]\nname = 'p'\n[sources.shop]\ntype = 'x'\n[sources.shop.data_writer]\nfile_max_itms = 1\n").error(),
        "pipeline.toml:6:1: unknown key `sources.shop.data_writer.file_max_itms`; did you mean `file_max_items`?"
    );
}

#[test]
fn a_value_of_the_wrong_type_is_named_with_what_is_wanted() {
    assert_eq!(
        Project::new("[pipeline]\nname = 'p'\n[load]\nworkers = 'many'\n").error(),
        "pipeline.toml:4:1: `load.workers` is the text \"many\", expected a whole number of 1 or more"
    );
    assert_eq!(
        Project::new("[pipeline]\nname = 'p'\n").env(&[("LOAD__WORKERS", "many")]).error(),
        "environment variable LOAD__WORKERS: `load.workers` is the text \"many\", expected a whole number of 1 or more"
    );
    assert_eq!(
        Project::new("[pipeline]\nname = 'p'\n[load]\nraise_on_failed_jobs = 'maybe'\n").error(),
        "pipeline.toml:4:1: `load.raise_on_failed_jobs` is the text \"maybe\", expected true or false"
    );
    assert_eq!(
        Project::new("[pipeline]\nname = 'p'\nrefresh = 'drop_all'\n").error(),
        "pipeline.toml:3:1: `pipeline.refresh` is `drop_all`, expected one of drop_sources, drop_resources, drop_data"
    );
    assert_eq!(
        Project::new("[pipeline]\nname = 'p'\nloader_file_format = 'avro'\n").error(),
        "pipeline.toml:3:1: `pipeline.loader_file_format` is `avro`, expected one of parquet, jsonl, csv"
    );
    assert_eq!(
        Project::new("[pipeline]\nname = 'p'\nexternal_schema_format = 'xml'\n").error(),
        "pipeline.toml:3:1: `pipeline.external_schema_format` is `xml`, \
         expected one of yaml, yml, json, dbml, dot, gv, mermaid, mmd"
    );
    assert_eq!(
        fault("base_url = 5\n"),
        "pipeline.toml:5:1: `sources.shop.base_url` is the number 5, expected text"
    );
    assert_eq!(
        Project::new("[pipeline]\nname = 'p'\n[destination]\npath = 'x'\n").error(),
        "pipeline.toml:4:1: `destination.path` is text, expected a table: [destination.path]"
    );
}

#[test]
fn a_missing_value_names_the_variable_that_could_give_it() {
    assert_eq!(
        fault(""),
        "`sources.shop.base_url` is missing: set it in pipeline.toml or as environment variable SOURCES__SHOP__BASE_URL"
    );
    assert_eq!(
        Project::new("").error(),
        "`pipeline.name` is missing: set it in pipeline.toml or as environment variable PIPELINE__NAME"
    );
}

#[test]
fn a_secret_does_not_show_in_an_error() {
    let message = fault("base_url = 'u'\ntoken = 'hunter2'\n");
    assert!(message.contains("sources.shop.token") && !message.contains("hunter2"), "{message}");
    let set = Project::new("[pipeline]\nname = 'p'\n").set("a..password=hunter2").error();
    assert!(!set.contains("hunter2"), "{set}");
}

#[test]
fn a_placeholder_is_refused() {
    assert_eq!(
        fault("base_url = '<configure me>'\n"),
        "pipeline.toml:5:1: `sources.shop.base_url` still holds the placeholder of the template: fill it in"
    );
}

#[test]
fn broken_toml_is_refused_with_its_place() {
    assert!(Project::new("[pipeline]\nname = \n").error().starts_with("pipeline.toml:2:"));
    let project = Project::new("[pipeline]\nname = 'p'\n").file(".cartage/secrets.toml", "x = 1\ny\n");
    assert!(project.error().starts_with(".cartage/secrets.toml:2:"), "{}", project.error());
}

#[test]
fn a_missing_file_is_named() {
    let mut project = Project::new("");
    project.options.file = Some(project.folder.path().join("other.toml"));
    assert_eq!(
        project.error(),
        "no pipeline file other.toml: name one, or write one with `cartage init SOURCE DEST`"
    );
}

#[test]
fn names_that_leave_the_folder_are_refused() {
    for name in ["../x", "a/b", ".hidden", "", "a\\\\b"] {
        let error = Project::new(&format!("[pipeline]\nname = \"{name}\"\n")).error();
        assert!(error.contains("`pipeline.name`"), "{name}: {error}");
    }
}

#[test]
fn a_resource_has_one_name_and_one_definition() {
    let base = "[pipeline]\nname = 'p'\n[sources.shop]\ntype = 'files'\n";
    assert_eq!(
        Project::new(&format!(
            "{base}[[sources.shop.resources]]\nname = 'a'\n[[sources.shop.resources]]\nname = 'a'\n"
        ))
        .error(),
        "pipeline.toml:7:1: resource `a` of source `shop` is defined twice: give each its own name"
    );
    assert_eq!(
        Project::new(&format!("{base}[[sources.shop.resources]]\npath = 'a'\n")).error(),
        "pipeline.toml:5:1: `sources.shop.resources.0`: a resource needs a `name`"
    );
}
