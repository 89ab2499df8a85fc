//! Sources, resources and the two ways to read a table.

use cartage_config::{ConfigError, Secret, Section};
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::json;

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
    let first = config.sources[0].resources[1].section.parse::<serde_json::Value>().expect("no fault");
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
fn an_untyped_table_has_what_is_meant_for_it_and_of_general_tables_only_known_keys() {
    let text = "[pipeline]\nname = 'p'\ndestination = 'duckdb'\n[destination.duckdb]\nthreads = 1\n";
    let project = Project::new(text).env(&[
        ("DESTINATION__DUCKDB__PATH", "env.duckdb"),
        ("DESTINATION__DUCKDB__THREADS", "2"),
        ("DESTINATION__CREATE_INDEXES", "true"),
        ("DESTINATION__POSTGRES__HOST", "db"),
        ("LC_ALL", "C"),
    ]);
    let section = project.config().destination.expect("a destination").section;
    let keys = |known: &[&str]| -> IndexMap<String, String> {
        section.untyped(known).expect("no fault").parse().expect("texts")
    };
    let wanted =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(key, text)| ((*key).into(), (*text).into())).collect();
    let wanted: [IndexMap<String, String>; 2] = [
        wanted(&[("threads", "2"), ("path", "env.duckdb")]),
        wanted(&[("threads", "2"), ("create_indexes", "true"), ("path", "env.duckdb")]),
    ];
    assert_eq!([keys(&[]), keys(&["create_indexes"])], wanted);
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
struct Server {
    port: u16,
    password: Option<Secret>,
    #[serde(default)]
    options: Option<String>,
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(deny_unknown_fields)]
struct Shared {
    create_indexes: Option<bool>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Own {
    credentials: Server,
    threads: Option<usize>,
}

#[test]
fn two_types_share_an_untyped_table_and_whatever_neither_knows_is_refused_with_its_place() {
    let text = "[pipeline]\nname = 'p'\ndestination = 'x'\n[destination.x]\nthreads = '0x10'\ncreate_indexes = 'yes'\n\
                [destination.x.credentials]\nport = '1_000'\npassword = 15\n";
    let read = |project: &Project| -> Result<(Shared, Own), ConfigError> {
        let (shared, rest) = project.config().destination.expect("one").section.untyped(&[])?.split()?;
        Ok((shared, rest.lift("credentials", "query").parse()?))
    };
    let project = Project::new(text).env(&[("DESTINATION__X__CREDENTIALS__QUERY", "{\"options\": \"a\"}")]);
    let (shared, own) = read(&project).expect("no fault");
    assert_eq!((shared, own.threads), (Shared { create_indexes: Some(true) }, Some(16)));
    let server = Server { port: 1000, password: Some(Secret::new("15")), options: Some("a".into()) };
    assert_eq!(own.credentials, server);
    let message = |project: Project| project.message(&read(&project).expect_err("a fault"));
    assert_eq!(
        message(Project::new(text).env(&[("DESTINATION__X__CREATE_INDICES", "1")])),
        "environment variable DESTINATION__X__CREATE_INDICES: unknown key `destination.x.create_indices`; \
         did you mean `create_indexes`?"
    );
    assert_eq!(
        message(Project::new(&text.replace("1_000", "hush"))),
        "pipeline.toml:8:1: `destination.x.credentials.port` is something else, expected a whole number from 1 to 65535"
    );
    assert_eq!(
        message(Project::new(text).set("destination.x.threads=many")),
        "--set destination.x.threads: `destination.x.threads` is the text \"many\", expected a whole number of 0 or more"
    );
}

#[test]
fn a_table_of_a_program_is_read_in_the_same_way() {
    let given = json!({"credentials": "5:hush", "threads": "", "create_indexes": null});
    let section = Section::new(given.as_object().expect("a table").clone()).named("destination.x");
    let spell = |text: &str| {
        let (port, password) = text.split_once(':').ok_or("no colon")?;
        Ok::<_, &str>(vec![
            ("port".to_owned(), port.to_owned()),
            ("password".to_owned(), password.to_owned()),
        ])
    };
    let spelled = section.spell_out_with("credentials", spell).expect("spelled");
    let (shared, rest): (Shared, _) = spelled.split().expect("shared");
    assert_eq!(shared, Shared { create_indexes: None });
    let own: Own = rest.parse().expect("own");
    assert_eq!((own.credentials.port, own.threads), (5, None));
    assert!(!format!("{own:?} {rest:?}").contains("hush"));
    let error = section.parse::<Shared>().expect_err("keys of others").to_string();
    assert_eq!(
        error,
        "settings of the program: unknown key `destination.x.credentials`; known are create_indexes"
    );
}
