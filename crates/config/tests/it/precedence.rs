//! The layers and their order.

use cartage_config::{Layer, NextItemMode, Secret};
use serde::Deserialize;

use crate::Project;

#[derive(Deserialize, Debug, Default)]
#[serde(deny_unknown_fields, default)]
struct Service {
    api_key: Option<Secret>,
    pages: Option<u32>,
    schema: Option<serde_json::Value>,
}

const SHOP: &str = "[pipeline]\nname = 'pipe_x'\n[sources.shop]\ntype = 'api'\n";

fn key_of(project: &Project) -> Option<String> {
    let api: Service = project.config().sources[0].section.parse().expect("a section without faults");
    api.api_key.map(|secret| secret.expose().to_owned())
}

#[test]
fn each_layer_gives_way_to_the_ones_before_it() {
    let file = format!("{SHOP}api_key = 'file'\n");
    let project = Project::new(&file);
    assert_eq!(key_of(&project).as_deref(), Some("file"));
    let project = project.file(".cartage/config.toml", "[sources.shop]\napi_key = 'config'\n");
    assert_eq!(key_of(&project).as_deref(), Some("config"));
    let project = project.file(".cartage/secrets.toml", "[sources.shop]\napi_key = 'secrets'\n");
    assert_eq!(key_of(&project).as_deref(), Some("secrets"));
    let project = project.env(&[("SOURCES__SHOP__API_KEY", "env")]);
    assert_eq!(key_of(&project).as_deref(), Some("env"));
    let project = project.set("sources.shop.api_key=set");
    assert_eq!(key_of(&project).as_deref(), Some("set"));
}

#[test]
fn the_environment_is_asked_from_special_to_general_and_first_with_the_pipeline_name() {
    let variables = [
        ("PIPE_X__SOURCES__SHOP__API_KEY", "1"),
        ("PIPE_X__SOURCES__API_KEY", "2"),
        ("PIPE_X__API_KEY", "3"),
        ("SOURCES__SHOP__API_KEY", "4"),
        ("SOURCES__API_KEY", "5"),
        ("API_KEY", "6"),
    ];
    for (first, (_, value)) in variables.iter().enumerate() {
        let project = Project::new(SHOP).env(&variables[first..]);
        assert_eq!(key_of(&project).as_deref(), Some(*value));
    }
}

#[test]
fn dlt_folders_are_read_and_cartage_folders_win_over_them() {
    let project = Project::new(SHOP).file(".dlt/secrets.toml", "[sources]\napi_key = 'dlt'\nother = 1\n");
    assert_eq!(key_of(&project).as_deref(), Some("dlt"));
    let project = project.file(".cartage/secrets.toml", "api_key = 'cartage'\n");
    assert_eq!(key_of(&project).as_deref(), Some("cartage"));
}

#[test]
fn words_of_the_shell_are_not_taken_for_keys() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Files {
        path: Option<String>,
    }
    let project = Project::new(SHOP).env(&[("PATH", "/bin"), ("path", "/bin"), ("HOME", "/root")]);
    let files: Files = project.config().sources[0].section.parse().expect("no fault");
    assert_eq!(files.path, None);
}

#[test]
fn texts_without_a_type_become_what_is_asked_for() {
    let project = Project::new(SHOP)
        .env(&[
            ("SOURCES__SHOP__PAGES", "7"),
            ("LOAD__RAISE_ON_FAILED_JOBS", "no"),
            ("NORMALIZE__WORKERS", ""),
        ])
        .set("sources.shop.schema={detections=[\"iso_timestamp\"]}");
    let config = project.config();
    let api: Service = config.sources[0].section.parse().expect("no fault");
    assert_eq!(api.pages, Some(7));
    assert_eq!(api.schema, Some(serde_json::json!({"detections": ["iso_timestamp"]})));
    assert!(!config.load.raise_on_failed_jobs);
    assert_eq!(config.normalize.workers, None);
}

#[test]
fn an_override_in_a_table_keeps_the_rest_and_the_order() {
    let text = format!("{SHOP}[sources.shop.schema.columns]\nb.x = 1\na.x = 2\n");
    let project = Project::new(&text).set("sources.shop.schema.columns.a.x=3");
    let api: Service = project.config().sources[0].section.parse().expect("no fault");
    assert_eq!(
        api.schema.map(|schema| schema.to_string()),
        Some(r#"{"columns":{"b":{"x":1},"a":{"x":3}}}"#.to_owned())
    );
}

#[test]
fn the_most_specific_writer_settings_win_key_by_key() {
    let text = "[pipeline]\nname = 'p'\n[data_writer]\nfile_max_items = 1\nbuffer_max_items = 1\ndisable_compression = true\n\
        [extract.data_writer]\nfile_max_items = 2\n[normalize.data_writer]\nfile_max_items = 3\n\
        [sources.data_writer]\nfile_max_items = 4\n[sources.shop]\ntype = 'files'\nresources = [{name = 'orders'}, {name = 'lines'}]\n\
        [sources.shop.data_writer]\nfile_max_items = 5\n[sources.shop.orders.data_writer]\nfile_max_items = 6\n\
        [sources.shop.orders.extract]\nnext_item_mode = 'fifo'\n[sources.other]\ntype = 'files'\n";
    let project = Project::new(text).env(&[("SOURCES__SHOP__ORDERS__DATA_WRITER__BUFFER_MAX_ITEMS", "9")]);
    let config = project.config();
    let items =
        |source, resource| config.extract_writer(source, resource).expect("no fault").file_max_items.get();
    assert_eq!(items(None, None), 2);
    assert_eq!(items(Some("other"), None), 4);
    assert_eq!(items(Some("shop"), Some("lines")), 5);
    assert_eq!(items(Some("shop"), Some("orders")), 6);
    assert_eq!(config.normalize_writer().expect("no fault").file_max_items.get(), 3);
    let orders = config.extract_writer(Some("shop"), Some("orders")).expect("no fault");
    assert!(orders.disable_compression && orders.buffer_max_items.get() == 9);
    let mode = config.extract(Some("shop"), Some("orders")).expect("no fault").next_item_mode;
    assert_eq!(mode, NextItemMode::Fifo);
}

#[test]
fn pipeline_keys_have_the_environment_names_of_dlt() {
    let project = Project::new("[pipeline]\nname = 'p'\n").env(&[
        ("PIPELINES__P__DATASET_NAME", "special"),
        ("DATASET_NAME", "general"),
        ("DESTINATION_TYPE", "duckdb"),
        ("PROGRESS", "log"),
    ]);
    let config = project.config();
    assert_eq!(config.pipeline.dataset_name, "special");
    assert_eq!(config.destination.map(|destination| destination.kind).as_deref(), Some("duckdb"));
    assert_eq!(config.pipeline.progress, cartage_config::ProgressMode::Log);
}

#[test]
fn a_named_destination_falls_back_to_its_type_and_keeps_its_own_name() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Credentials {
        password: Secret,
        host: String,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Postgres {
        credentials: Credentials,
    }
    let text =
        "[pipeline]\nname = 'p'\ndestination = 'warehouse'\n[destination.warehouse]\ntype = 'postgres'\n";
    let project = Project::new(text).env(&[
        ("DESTINATION__CREDENTIALS__PASSWORD", "pw"),
        ("DESTINATION__POSTGRES__CREDENTIALS__HOST", "db"),
    ]);
    let destination = project.config().destination.expect("a destination");
    assert_eq!((destination.name.as_str(), destination.kind.as_str()), ("warehouse", "postgres"));
    let postgres: Postgres = destination.section.parse().expect("no fault");
    assert_eq!((postgres.credentials.password.expose(), postgres.credentials.host.as_str()), ("pw", "db"));
}

#[test]
fn the_trace_knows_the_layer_of_a_value_and_masks_secrets() {
    let text = format!("{SHOP}pages = 3\n");
    let project =
        Project::new(&text).file(".cartage/secrets.toml", "[sources.shop]\nschema = 'from a secret file'\n");
    let project = project.env(&[("SOURCES__SHOP__API_KEY", "hunter2")]);
    let config = project.config();
    config.sources[0].section.parse::<Service>().expect("no fault");
    let values = config.resolved_values();
    let of = |key: &str| values.iter().find(|value| value.key == key).expect("a value of that key");
    assert_eq!(
        (of("sources.shop.pages").value.as_str(), of("sources.shop.pages").provider.as_str()),
        ("3", "pipeline.toml")
    );
    assert_eq!(of("sources.shop.api_key").origin, "environment variable SOURCES__SHOP__API_KEY");
    assert!(of("sources.shop.schema").is_secret);
    assert!(!format!("{values:?}").contains("hunter2"));
    let shown = format!("{config:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("from a secret file"));
    assert_eq!(config.sources[0].section.origin("pages").map(|origin| origin.layer), Some(Layer::File));
}

#[test]
fn variables_for_a_program_are_masked_in_the_trace() {
    let text = "[pipeline]\nname = 'p'\ndestination = 'crm'\n[destination.crm]\ntype = 'process'\n";
    let of_file = Project::new(&format!("{text}env.PGPASSWORD = 'hush'\nenv.CRM_PAT = 'hush'\n"));
    let of_variable = Project::new(text).env(&[("DESTINATION__CRM__ENV", r#"{"PGPASSWORD": "hush"}"#)]);
    for project in [of_file, of_variable] {
        let config = project.config();
        let section = config.destination.as_ref().expect("a destination").section.clone();
        let env: serde_json::Value = section.only(&["env"]).parse().expect("no fault");
        assert_eq!(env["env"]["PGPASSWORD"], "hush");
        let values = config.resolved_values();
        assert!(!format!("{values:?}").contains("hush"), "{values:?}");
    }
}

#[test]
fn an_option_that_is_none_is_not_quoted_behind_its_key() {
    for set in ["destination.postgres.credentials:hush", "destination.postgres.credentials hush=1"] {
        let error = Project::new(SHOP).set(set).error();
        assert!(error.contains("destination.postgres.credentials") && !error.contains("hush"), "{error}");
    }
}

#[test]
fn quotes_of_an_option_are_those_of_the_file() {
    for set in ["sources.shop.api_key=a b", "sources.shop.api_key=\"a b\"", "sources.shop.api_key='a b'"] {
        assert_eq!(key_of(&Project::new(SHOP).set(set)).as_deref(), Some("a b"), "{set}");
    }
    let half = Project::new(SHOP).set("sources.shop.api_key=\"a");
    assert_eq!(key_of(&half).as_deref(), Some("\"a"));
}
