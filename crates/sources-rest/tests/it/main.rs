//! Resources against a server on the same machine: what is asked, and which rows come.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod replay;

use std::path::Path;

use cartage_runtime::CancelToken;
use cartage_source_api::{OpenContext, Page, Producer, SourceError};
use cartage_sources_rest::{AuthTable, ClientTable, ResourceTable, RestProducer, RestSource};
use cartage_test_support::RestServer;
use serde_json::{Value, json};

/// A resource by its table, of a source that also has the resource `parent`.
fn resource(server: &RestServer, table: &Value) -> RestProducer {
    let client: ClientTable = serde_json::from_value(json!({"base_url": server.url()})).unwrap();
    let source = RestSource::new(
        client,
        AuthTable::default(),
        Path::new("/"),
        std::sync::Arc::new(cartage_runtime::SystemRandom),
    )
    .unwrap();
    let table: ResourceTable = serde_json::from_value(table.clone()).unwrap();
    source.resource("child", table, &["parent", "child"]).unwrap().producer
}

/// All rows of a resource, for each page of its parent.
fn rows(producer: &mut impl Producer, parents: &[Page]) -> Result<Vec<Value>, SourceError> {
    producer.open(&OpenContext::new(1 << 20, CancelToken::default()))?;
    let mut rows = Vec::new();
    let mut take = |producer: &mut dyn Producer| {
        while let Some(page) = producer.next_page()? {
            let page = page.to_json()?;
            rows.extend(
                page.text()
                    .split(|byte| *byte == b'\n')
                    .filter(|row| !row.is_empty())
                    .map(|row| serde_json::from_slice::<Value>(row).unwrap()),
            );
        }
        Ok::<_, SourceError>(())
    };
    if parents.is_empty() {
        take(producer)?;
    }
    for page in parents {
        producer.take_parent_page(page)?;
        take(producer)?;
    }
    Ok(rows)
}

fn fetched(server: &RestServer, endpoint: &Value) -> Result<Vec<Value>, SourceError> {
    rows(&mut resource(server, &json!({"endpoint": endpoint})), &[])
}

fn of_parent(server: &RestServer, parent: &str, table: &Value) -> Result<Vec<Value>, SourceError> {
    let mut producer = resource(server, &json!({"endpoint": {"path": parent}}));
    producer.open(&OpenContext::new(1 << 20, CancelToken::default()))?;
    let page = producer.next_page()?.unwrap();
    rows(&mut resource(server, table), &[page])
}

#[test]
fn a_value_of_a_parent_is_one_segment_of_the_path() {
    let server = RestServer::start();
    let child =
        json!({"endpoint": {"path": "named/{resources.parent.name}/x"}, "include_from_parent": ["name"]});
    let rows = of_parent(&server, "names", &child).unwrap();
    assert_eq!(rows.len(), 9);
    for row in rows {
        assert_eq!(row["asked"], json!(["named", row["_parent_name"], "x"]));
    }
    assert!(server.seen().iter().all(|seen| seen.target == "/names" || seen.target.starts_with("/named/")));
}

#[test]
fn what_is_no_segment_is_an_error_that_names_the_placeholder() {
    let server = RestServer::start();
    let child = json!({"endpoint": {"path": "named/{resources.parent.name}/x"}});
    let error = of_parent(&server, "dots", &child).unwrap_err().to_string();
    assert!(error.contains("`{resources.parent.name}`") && error.contains("processing_steps"), "{error}");
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn a_row_may_name_an_address_of_the_api_and_no_other() {
    let server = RestServer::start();
    let child = json!({"endpoint": {"path": "{resources.parent.link}"}});
    assert_eq!(of_parent(&server, "names", &child).unwrap().len(), 9);
    let error = of_parent(&server, "elsewhere", &child).unwrap_err().to_string();
    assert!(error.contains("`http://localhost:1/single`, which is not one of this API"), "{error}");
}

#[test]
fn a_child_with_a_value_in_its_query_pages_as_others_do() {
    let server = RestServer::start();
    for endpoint in [
        json!({"path": "found?q={resources.parent.name}"}),
        json!({"path": "found", "params": {"q": "{resources.parent.name}"}}),
    ] {
        let child = json!({"endpoint": endpoint, "include_from_parent": ["name"]});
        let rows = of_parent(&server, "names", &child).unwrap();
        assert_eq!(rows.len(), 27);
        assert!(rows.iter().all(|row| row["word"] == row["_parent_name"]), "{rows:?}");
    }
}

#[test]
fn links_of_odata_are_followed() {
    let server = RestServer::start();
    let ids: Vec<Value> = fetched(&server, &json!({"path": "odata"})).unwrap();
    assert_eq!(ids, (0..6).map(|id| json!({"id": format!("u{id}")})).collect::<Vec<_>>());
}

#[test]
fn the_charset_of_an_answer_is_obeyed() {
    let server = RestServer::start();
    for label in ["iso-8859-1", "utf-16"] {
        let rows = fetched(&server, &json!({"path": format!("charset/{label}")})).unwrap();
        assert_eq!(rows, [json!({"id": 1, "name": "Zo\u{eb}"})], "{label}");
    }
    for (label, named) in [("x-unknown", "`x-unknown`"), ("utf-8", "not UTF-8 from byte")] {
        let error = fetched(&server, &json!({"path": format!("charset/{label}")})).unwrap_err().to_string();
        assert!(error.contains(named) && error.contains("/charset/"), "{error}");
    }
}
