//! Texts come back as the schema that they were made of.

use cartage_values::DataType;
use serde_json::json;

use super::*;
use crate::column::Column;
use crate::naming::NamingKind;
use crate::table::Table;

fn shop() -> Schema {
    let mut schema = Schema::new("shop", NamingKind::SnakeCase).unwrap();
    let mut id = Column::typed("id", DataType::Bigint, false);
    id.primary_key = Some(true);
    id.description = Some("the \"id\": #1 'of' an item\n<b>".to_owned());
    let mut row = Column::typed("_dlt_id", DataType::Text, false);
    row.row_key = Some(true);
    let mut parent = Column::typed("_dlt_parent_id", DataType::Text, false);
    parent.parent_key = Some(true);
    let mut items = Table::root("items", "items")
        .with_column(id)
        .with_column(row)
        .with_column(Column::typed("no", DataType::Bool, true))
        .with_column(Column::new("later"));
    items.set_seen_data();
    schema.tables.insert("items".to_owned(), items);
    let tags = Table::nested("items__tags", "items").with_column(parent);
    schema.tables.insert("items__tags".to_owned(), tags);
    schema.bump();
    schema
}

#[test]
fn documents_come_back_with_their_hash_in_either_form() {
    let schema = shop();
    for format in [SchemaFormat::Json, SchemaFormat::Yaml] {
        for remove_defaults in [false, true] {
            let options = SchemaTextOptions { remove_defaults, ..SchemaTextOptions::default() };
            let text = schema.to_text(format, options);
            let read = Schema::from_text(format, &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert_eq!(read.version_hash, schema.version_hash, "{text}");
            assert_eq!(read.compute_hash(), schema.compute_hash(), "{text}");
        }
    }
}

#[test]
fn without_processing_hints_the_document_is_another_version() {
    let schema = shop();
    let options = SchemaTextOptions { remove_processing_hints: true, remove_defaults: true };
    let read = Schema::from_text(SchemaFormat::Yaml, &schema.to_text(SchemaFormat::Yaml, options)).unwrap();
    assert!(!read.tables["items"].has_seen_data());
    assert_ne!(read.version_hash, schema.version_hash);
    assert!(!read.is_modified());
}

#[test]
fn words_mean_what_they_mean_to_dlt() {
    let text = "a: no\nb: 'no'\nc: 0x1F\nd: 1.5\ne: 1e5\nf: ~\ng: 010\nh: 2024-01-01\ni: +12\nj: [x, {k: v}]\n\
                base: &b {x: 1, y: 2}\nmine: {<<: *b, y: 3}\nlong: >\n  two\n  lines\n";
    assert_eq!(
        yaml_read::from_yaml(text).unwrap(),
        json!({
            "a": false, "b": "no", "c": 31, "d": 1.5, "e": "1e5", "f": null, "g": 8, "h": "2024-01-01", "i": 12,
            "j": ["x", {"k": "v"}], "base": {"x": 1, "y": 2}, "mine": {"x": 1, "y": 3}, "long": "two lines\n",
        })
    );
}

#[test]
fn what_was_written_is_read_back() {
    let document = json!({
        "no": "yes", "": " x ", "1": "1", "t": ["~", "a: b", "- x", "#", "\u{85}\"\\\n", [], {}, [[1]], [{"a": [1]}]],
        "f": [1.0, 1e300, -2.5e-7, 3], "n": null, "b": true, "ü": "ß = ( )",
    });
    let text = yaml_write::to_yaml(&document);
    assert_eq!(yaml_read::from_yaml(&text).unwrap(), document, "{text}");
}

#[test]
fn long_keys_are_read_back() {
    for key in [127, 128, 1024, 1025, 5000].map(|length| "k".repeat(length)) {
        for key in [key.replace("kk", "\n:"), key.replace("kk", "é?"), key] {
            let inside = json!({ &key: { &key: [{ &key: [1], "b": 2 }, [{ &key: {} }]] }, "last": null });
            let text = yaml_write::to_yaml(&inside);
            assert_eq!(yaml_read::from_yaml(&text).unwrap(), inside, "{text}");
        }
    }
}

#[test]
fn broken_yaml_is_refused_with_its_line() {
    let bomb = (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |text, level| {
        let below = level - 1;
        text + &format!("a{level}: &a{level} [*a{below}, *a{below}, *a{below}]\n")
    });
    for (text, says) in [
        ("a: 1\na: 2\n", "line 2: key `a` occurs twice"),
        ("a: [1\n", "line"),
        ("", "empty"),
        ("a: 1\n---\nb: 2\n", "second document"),
        ("a: !python/object:x {}\n", "a"),
        (bomb.as_str(), "too many values"),
        (&"[".repeat(10_000), ""),
    ] {
        let Err(reason) = yaml_read::from_yaml(text) else {
            assert!(text.contains("python"), "{text}");
            continue;
        };
        assert!(reason.contains(says), "{reason}");
    }
}

#[test]
fn diagrams_show_tables_columns_and_references() {
    let schema = shop();
    let options = SchemaTextOptions::default();
    let mermaid = schema.to_text(SchemaFormat::Mermaid, options);
    assert!(mermaid.starts_with("erDiagram\n    _dlt_version{\n    bigint version \""), "{mermaid}");
    assert!(mermaid.contains("    items__tags }|--|| items : \"_dlt_parent\"\n"), "{mermaid}");
    assert!(mermaid.contains("    bigint id PK \"the 'id': #1 'of' an item <b>\"\n"), "{mermaid}");
    let dbml = schema.to_text(SchemaFormat::Dbml, options);
    assert!(
        dbml.contains("    \"id\" bigint [pk, not null, note: 'the \"id\": #1 \\'of\\' an item <b>']\n"),
        "{dbml}"
    );
    assert!(
        dbml.contains("Ref {\n    \"items__tags\".\"_dlt_parent_id\" > \"items\".\"_dlt_id\"\n}\n"),
        "{dbml}"
    );
    let dot = schema.to_text(SchemaFormat::Dot, options);
    assert!(dot.contains("\"items__tags\":f1 -> \"items\":f2 [label=\"_dlt_parent\"];"), "{dot}");
    assert!(!dot.contains("later") && !dbml.contains("later") && !mermaid.contains("later"));
    assert!(Schema::from_text(SchemaFormat::Dot, &dot).unwrap_err().to_string().contains("diagram"));
}
