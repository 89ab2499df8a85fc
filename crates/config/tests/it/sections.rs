//! Sources, resources and the two ways to read a table.

use serde::Deserialize;

use crate::Project;

const TEXT: &str = "[pipeline]\nname = 'p'\n[sources.zebra]\ntype = 'files'\nmax_table_nesting = 3\n\
    [[sources.zebra.resources]]\nname = 'second'\npath = ['b']\n[[sources.zebra.resources]]\nname = 'first'\npath = ['a']\n\
    columns.z = { data_type = 'text' }\ncolumns.a = { data_type = 'bigint' }\n\
    [sources.zebra.first.extract]\nworkers = 2\n[sources.ape]\ntype = 'rest_api'\nresources = ['x', { name = 'y' }]\n";

#[derive(Deserialize, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
struct Files {
    path: Vec<String>,
}

#[test]
fn sources_resources_and_keys_keep_the_order_of_the_file() {
    let config = Project::new(TEXT).config();
    let names: Vec<_> = config.sources.iter().map(|source| source.name.as_str()).collect();
    assert_eq!(names, ["zebra", "ape"]);
    let resources: Vec<_> =
        config.sources.iter().flat_map(|source| &source.resources).map(|r| r.name.as_str()).collect();
    assert_eq!(resources, ["second", "first", "x", "y"]);
    let first = config.sources[0].resources[1].section.to_json().expect("no fault");
    assert_eq!(
        first.to_string(),
        r#"{"path":["a"],"columns":{"z":{"data_type":"text"},"a":{"data_type":"bigint"}}}"#
    );
    assert_eq!(config.sources[0].section.keys().collect::<Vec<_>>(), ["max_table_nesting"]);
}

#[test]
fn a_resource_is_overridden_by_its_name() {
    let project = Project::new(TEXT)
        .set("sources.zebra.first.path=[\"set\"]")
        .env(&[("SOURCES__ZEBRA__SECOND__PATH", "[\"env\"]")]);
    let config = project.config();
    let path = |nth: usize| {
        config.sources[0].resources[nth]
            .section
            .without(&["columns"])
            .parse::<Files>()
            .expect("no fault")
            .path
    };
    assert_eq!(path(0), ["env"]);
    assert_eq!(path(1), ["set"]);
    assert_eq!(config.sources[0].section.keys().collect::<Vec<_>>(), ["max_table_nesting"]);
}

#[test]
fn a_table_can_be_read_in_two_parts_that_know_of_each_other() {
    let project = Project::new(&TEXT.replace("path = ['b']", "path = ['b']\ncolums = 1"));
    let section = &project.config().sources[0].resources[0].section;
    let error = section.without(&["columns", "primary_key"]).parse::<Files>().expect_err("an error");
    assert_eq!(
        project.message(&error),
        "pipeline.toml:9:1: unknown key `sources.zebra.second.colums`; did you mean `columns`?"
    );
}

#[test]
fn an_owner_can_refuse_a_value_with_its_place() {
    let project = Project::new(TEXT);
    let error = project.config().sources[0].resources[0].section.invalid("path", "no such folder");
    assert_eq!(project.message(&error), "pipeline.toml:8:1: `sources.zebra.second.path`: no such folder");
}

#[test]
fn the_working_folder_follows_the_variables() {
    let project = Project::new(TEXT).env(&[("CARTAGE_DATA_DIR", "/data")]);
    assert_eq!(project.config().pipeline_dir().expect("a folder"), std::path::Path::new("/data/pipelines/p"));
}

#[test]
fn json_has_what_is_meant_for_the_table_and_of_general_tables_only_known_keys() {
    let text = "[pipeline]\nname = 'p'\ndestination = 'duckdb'\n[destination.duckdb]\nthreads = 1\n";
    let project = Project::new(text).env(&[
        ("DESTINATION__DUCKDB__PATH", "env.duckdb"),
        ("DESTINATION__DUCKDB__THREADS", "2"),
        ("DESTINATION__CREATE_INDEXES", "true"),
        ("DESTINATION__POSTGRES__HOST", "db"),
        ("LC_ALL", "C"),
    ]);
    let section = project.config().destination.expect("a destination").section;
    let json = |known: &[&str]| section.to_json_with(known).expect("no fault").to_string();
    assert_eq!(json(&[]), r#"{"threads":"2","path":"env.duckdb"}"#);
    assert_eq!(json(&["create_indexes"]), r#"{"threads":"2","create_indexes":"true","path":"env.duckdb"}"#);
}
