//! From `pipeline.toml` to sources.

use cartage_config::{Config, LoadOptions};
use cartage_runtime::OnBadRow;
use cartage_source_api::{Page, Source};

fn build(text: &str) -> Result<Source, String> {
    let head = "[pipeline]\nname = \"shop\"\ndestination = \"duckdb\"\n";
    let options = LoadOptions { text: Some(format!("{head}{text}")), ..LoadOptions::default() };
    let config = Config::load(options).map_err(|error| error.to_string())?;
    cartage_sources::build(&config.sources[0], &random()).map_err(|error| error.to_string())
}

#[test]
fn a_source_of_files_has_resources_with_hints_and_schema_settings() {
    let source = build(
        r#"
        [sources.shop]
        type = "files"
        max_table_nesting = 3
        root_key = true
        schema_contract = { columns = "freeze" }
        on_bad_row = "quarantine"
        [sources.shop.schema]
        detections = ["iso_timestamp"]
        add_detections = ["iso_date"]
        preferred_types = { "re:_at$" = "timestamp" }
        default_hints = { not_null = ["re:^secret_"] }
        propagation = { root = { _dlt_load_id = "_dlt_load_id" } }

        [[sources.shop.resources]]
        name = "orders"
        path = []
        primary_key = "id"
        write_disposition = "merge"
        columns.amount = { data_type = "decimal", precision = 10, scale = 2 }
        x-mine = "yes"

        [[sources.shop.resources]]
        name = "lines"
        path = "lines.csv"
        format = "csv"
        csv = { delimiter = ";", header = ["a", "b"], types = "text" }
        "#,
    )
    .unwrap();
    assert_eq!((source.name.as_str(), source.on_bad_row), ("shop", OnBadRow::Quarantine));
    assert_eq!((source.schema.max_table_nesting, source.schema.root_key), (Some(3), Some(true)));
    assert_eq!(source.schema.preferred_types.len(), 1);
    assert!(source.schema.propagation.is_some());
    let [orders, lines] = &source.resources[..] else { panic!("two resources") };
    assert_eq!((orders.name.as_str(), lines.name.as_str()), ("orders", "lines"));
    assert_eq!(orders.hints.primary_key.as_ref().unwrap().names(), ["id"]);
    assert_eq!(orders.hints.other["x-mine"], "yes");
}

#[test]
fn paths_start_from_the_folder_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.jsonl"), "{\"id\":1}\n").unwrap();
    let file = folder.path().join("pipeline.toml");
    std::fs::write(
        &file,
        "[pipeline]\nname='shop'\ndestination='duckdb'\n[sources.shop]\ntype='files'\n\
         [[sources.shop.resources]]\nname='a'\npath='*.jsonl'\n",
    )
    .unwrap();
    let config = Config::load(LoadOptions { file: Some(file), ..LoadOptions::default() }).unwrap();
    let mut source = cartage_sources::build(&config.sources[0], &random()).unwrap();
    let producer = &mut source.resources[0].producer;
    producer
        .open(&cartage_source_api::OpenContext::new(100, cartage_runtime::CancelToken::default()))
        .unwrap();
    assert!(matches!(producer.next_page().unwrap(), Some(Page::Json(page)) if page.rows() == 1));
}

#[test]
fn unknown_types_name_the_known_ones() {
    let error = build("[sources.shop]\ntype = \"fils\"\n").unwrap_err();
    assert_eq!(
        error,
        "`sources.shop.type`: there is no source of type `fils`; known are files, rest_api, sql_database, process, python, \
         singer, airbyte"
    );
}

#[test]
fn unknown_keys_name_their_place_and_the_nearest_known_one() {
    let resource = |line: &str| {
        build(&format!(
            "[sources.shop]\ntype = \"files\"\n[[sources.shop.resources]]\nname = \"a\"\npath = []\n{line}\n"
        ))
        .unwrap_err()
    };
    for (line, unknown, meant) in [
        ("primary_keys = \"id\"", "primary_keys", "primary_key"),
        ("fromat = \"csv\"", "fromat", "format"),
        ("csv = { delimeter = \";\" }", "csv.delimeter", "delimiter"),
    ] {
        let error = resource(line);
        assert!(error.contains(&format!("unknown key `sources.shop.a.{unknown}`")), "{error}");
        assert!(error.contains(&format!("did you mean `{meant}`")), "{error}");
    }
    let error = build("[sources.shop]\ntype = \"files\"\nmax_tabel_nesting = 3\n").unwrap_err();
    assert!(error.contains("did you mean `max_table_nesting`"), "{error}");
}

#[test]
fn values_that_cannot_be_used_name_their_key() {
    let resource = |line: &str| {
        build(&format!(
            "[sources.shop]\ntype = \"files\"\n[[sources.shop.resources]]\nname = \"a\"\npath = []\n{line}\n"
        ))
        .unwrap_err()
    };
    assert!(
        resource("data_selector = \"a..b\"").contains("`sources.shop.a.data_selector`: cannot understand")
    );
    assert!(resource("csv = { delimiter = \"ab\" }").contains("one ASCII character"));
    assert!(resource("format = \"xml\"").contains("sources.shop.a.format"));
    for (line, message) in [
        ("write_disposition = \"sideways\"", "`sources.shop.a.write_disposition`: "),
        ("columns.amount = { data_type = \"decimall\" }", "`sources.shop.a.columns`: "),
        ("columns.amount = { data_typ = \"decimal\" }", "`sources.shop.a.columns`: "),
        ("max_table_nesting = \"x\"", "`sources.shop.a.max_table_nesting`: "),
    ] {
        let error = resource(line);
        assert!(error.contains(message), "{error}");
        eprintln!("{error}");
    }
}

fn random() -> std::sync::Arc<dyn cartage_runtime::Random> {
    std::sync::Arc::new(cartage_runtime::SystemRandom)
}

#[test]
fn a_database_that_is_not_there_is_an_error_of_its_tables_and_other_sources_have_no_database_schema() {
    let head =
        "[sources.crm]\ntype = \"sql_database\"\ncredentials = \"postgresql://u:hush@127.0.0.1:1/d\"\n";
    let error = build(&format!("{head}schema = \"public\"\n")).unwrap_err();
    assert!(error.contains("sources.crm.credentials") && error.contains("127.0.0.1:1/d"), "{error}");
    assert!(!error.contains("hush"), "{error}");
    let source =
        build(&format!("{head}resources = [\"orders\"]\nschema.database_schema = \"public\"\n")).unwrap();
    assert_eq!(source.resources[0].name, "orders");
    let error = build(&format!("{head}tabel_names = [\"a\"]\n")).unwrap_err();
    assert!(error.contains("table_names"), "{error}");
    let error =
        build("[sources.shop]\ntype = \"files\"\nschema = { database_schema = \"x\" }\n").unwrap_err();
    assert!(error.contains("sql_database"), "{error}");
}
