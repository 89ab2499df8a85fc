//! How schemas change: merging, propagation, contracts, naming.

use cartage_schema::hints::ResourceHints;
use cartage_schema::{
    Column, ContractMode, ContractModes, DataType, DefaultHint, Detection, IdentifierLimits, MergeOrigin,
    NamingKind, Schema, SchemaError, Table, WriteDisposition,
};
use cartage_values::Scalar;
use serde_json::{Value, json};

use crate::vectors::{Differences, rows};

fn schema() -> Schema {
    Schema::new("shop", NamingKind::SnakeCase).unwrap()
}

fn table(document: Value) -> Table {
    serde_json::from_value(document).unwrap()
}

fn names(table: &Table) -> Vec<&str> {
    table.columns.keys().map(String::as_str).collect()
}

#[test]
fn partial_tables_merge_into_the_schema_that_dlt_makes_of_them() {
    let mut differences = Differences::default();
    for row in rows("merges") {
        let mut schema = Schema::new("merged", NamingKind::SnakeCase).unwrap();
        schema.normalizers.set_root_key_propagation(row[0].as_bool());
        for step in row[1].as_array().unwrap() {
            let origin = if step[1].as_bool().unwrap() { MergeOrigin::Resource } else { MergeOrigin::Other };
            let merged = schema.merge_table(table(step[0].clone()), origin);
            differences.check(&step[0], &merged.is_ok(), &step[2].as_bool().unwrap());
        }
        schema.bump();
        differences.check(&row[1], &serde_json::to_value(&schema).unwrap(), &row[2]);
        differences.check(&row[1], &schema.compute_hash(), &row[3].as_str().unwrap().to_owned());
        for (root, chain) in row[4].as_object().unwrap() {
            let ours: Vec<&str> = schema.chain(root).iter().map(|table| table.name.as_str()).collect();
            differences.check(&row[1], &json!(ours), chain);
        }
        let renamed = schema.set_naming(NamingKind::SqlCsV1).ok().map(|()| schema.compute_hash());
        differences.check(&("renamed", &row[1]), &json!(renamed), &row[5]);
    }
}

#[test]
fn a_hinted_column_that_gets_its_type_moves_to_the_end() {
    let mut schema = schema();
    let hinted = table(json!({"name": "t", "columns": {"k": {"cluster": true}, "a": {"data_type": "text"}}}));
    schema.merge_table(hinted, MergeOrigin::Resource).unwrap();
    let typed = table(
        json!({"name": "t", "columns": {"k": {"data_type": "bigint", "nullable": true}, "b": {"data_type": "bool"}}}),
    );
    let diff = schema.merge_table(typed, MergeOrigin::Other).unwrap();
    assert_eq!(diff.new_columns, ["k", "b"]);
    assert_eq!(names(&schema.tables["t"]), ["a", "k", "b"]);
    assert_eq!(schema.tables["t"].columns["k"].cluster, Some(true));
}

#[test]
fn keys_of_a_resource_replace_those_of_the_schema_and_others_add_to_them() {
    let mut schema = schema();
    let key = |name: &str| {
        table(json!({"name": "t", "columns": {name: {"data_type": "text", "primary_key": true}}}))
    };
    schema.merge_table(key("a"), MergeOrigin::Resource).unwrap();
    schema.merge_table(key("b"), MergeOrigin::Other).unwrap();
    assert_eq!(schema.tables["t"].primary_key(), ["a", "b"]);
    schema.merge_table(key("c"), MergeOrigin::Resource).unwrap();
    assert_eq!(schema.tables["t"].primary_key(), ["c"]);
}

#[test]
fn a_table_cannot_change_its_parent() {
    let mut schema = schema();
    schema.merge_table(Table::root("a", "a"), MergeOrigin::Other).unwrap();
    schema.merge_table(Table::nested("b", "a"), MergeOrigin::Other).unwrap();
    let before = schema.clone();
    assert!(matches!(
        schema.merge_table(Table::root("b", "b"), MergeOrigin::Other),
        Err(SchemaError::TableConflict { property: "parent", .. })
    ));
    assert!(matches!(
        schema.merge_table(Table::nested("c", "gone"), MergeOrigin::Other),
        Err(SchemaError::ParentNotFound { .. })
    ));
    assert_eq!(schema, before);
}

#[test]
fn references_are_replaced_by_table() {
    let mut schema = schema();
    let refers = |column: &str| {
        table(
            json!({"name": "t", "references": [{"referenced_table": "o", "columns": [column], "referenced_columns": ["id"]}]}),
        )
    };
    schema.merge_table(refers("a"), MergeOrigin::Other).unwrap();
    schema.merge_table(refers("b"), MergeOrigin::Other).unwrap();
    let references = schema.tables["t"].references.as_ref().unwrap();
    assert_eq!((references.len(), references[0].columns.as_deref()), (1, Some(["b".to_owned()].as_slice())));
}

#[test]
fn merging_keeps_what_dlt_keeps_when_hints_change() {
    // Case evolution-hints-change of the oracle: a key and a type are added, then all hints are taken away.
    let mut schema = schema();
    let naming = schema.naming(None);
    let mut apply = |hints: Value| {
        let hints: ResourceHints = serde_json::from_value(hints).unwrap();
        for table in hints.to_tables("items", &naming).unwrap() {
            schema.merge_table(table, MergeOrigin::Resource).unwrap();
        }
    };
    apply(json!({"columns": {"a": {"data_type": "bigint"}}}));
    apply(
        json!({"primary_key": "id", "columns": {"a": {"data_type": "bigint", "sort": true}, "b": {"data_type": "double", "description": "late hint"}}}),
    );
    apply(json!({}));
    let items = &schema.tables["items"];
    assert_eq!(names(items), ["a", "b", "id"]);
    assert_eq!(items.primary_key(), ["id"]);
    assert_eq!(items.columns["a"].sort, Some(true));
}

#[test]
fn root_ids_are_propagated_below_merged_tables() {
    let mut schema = schema();
    let merged = |strategy: Option<&str>| {
        let mut table =
            Table { write_disposition: Some(WriteDisposition::Merge), ..Table::root("users", "users") };
        if let Some(strategy) = strategy {
            table.other.insert("x-merge-strategy".to_owned(), strategy.into());
        }
        table
    };
    schema.merge_table(merged(Some("scd2")), MergeOrigin::Resource).unwrap();
    assert!(schema.normalizers.propagation_of("users").is_empty());
    schema.merge_table(merged(Some("upsert")), MergeOrigin::Resource).unwrap();
    assert_eq!(schema.normalizers.propagation_of("users"), [("_dlt_id", "_dlt_root_id")]);
    assert_eq!(schema.normalizers.propagation_for("users", true), [("_dlt_id", "_dlt_root_id")]);
    schema.drop_tables(&["users"]).unwrap();
    assert!(schema.normalizers.propagation_of("users").is_empty());
}

#[test]
fn a_source_can_ask_for_root_ids_or_forbid_them() {
    let mut schema = schema();
    schema.normalizers.set_root_key_propagation(Some(true));
    schema.merge_table(Table::root("docs", "docs"), MergeOrigin::Resource).unwrap();
    assert_eq!(schema.normalizers.propagation_of("docs"), [("_dlt_id", "_dlt_root_id")]);
    schema.normalizers.set_root_key_propagation(Some(false));
    let merged = Table { write_disposition: Some(WriteDisposition::Merge), ..Table::root("users", "users") };
    schema.merge_table(merged, MergeOrigin::Resource).unwrap();
    assert!(schema.normalizers.propagation_of("users").is_empty());
    // Where a nested table has the root id already, it must go on getting it.
    let nested = Table::nested("users__l", "users")
        .with_column(Column { root_key: Some(true), ..Column::typed("_dlt_root_id", DataType::Text, false) });
    schema.merge_table(nested, MergeOrigin::Other).unwrap();
    assert_eq!(schema.normalizers.propagation_of("users"), [("_dlt_id", "_dlt_root_id")]);
}

#[test]
fn a_stored_schema_takes_settings_and_tables_of_its_source() {
    let mut stored = schema();
    stored.merge_table(Table::root("old", "old"), MergeOrigin::Other).unwrap();
    let mut source = schema();
    source.add_detection(Detection::IsoDate);
    source.normalizers.set_max_nesting(Some(1));
    source.merge_table(Table::root("new", "new"), MergeOrigin::Other).unwrap();
    stored.merge_schema(&source).unwrap();
    assert_eq!(
        stored.settings.detections.as_deref(),
        Some([Detection::IsoTimestamp, Detection::IsoDate].as_slice())
    );
    assert_eq!(stored.normalizers.max_nesting(), 1);
    assert!(stored.tables.contains_key("old") && stored.tables.contains_key("new"));
}

#[test]
fn a_source_with_another_naming_convention_brings_only_its_contract() {
    let mut stored = schema();
    let mut source = Schema::new("shop", NamingKind::Direct).unwrap();
    source.set_contract(Some(json!("freeze"))).unwrap();
    source.merge_table(Table::root("New", "New"), MergeOrigin::Other).unwrap();
    stored.merge_schema(&source).unwrap();
    assert_eq!(stored.settings.schema_contract, Some(json!("freeze")));
    assert!(!stored.tables.contains_key("New"));
    assert_eq!(stored.naming_kind(), NamingKind::SnakeCase);
}

#[test]
fn chains_list_parents_first_and_each_child_with_its_own() {
    let mut schema = schema();
    for (name, parent) in [("a", None), ("a__x", Some("a")), ("a__y", Some("a")), ("a__x__z", Some("a__x"))] {
        let table = parent.map_or_else(|| Table::root(name, name), |parent| Table::nested(name, parent));
        schema.merge_table(table, MergeOrigin::Other).unwrap();
    }
    let chain: Vec<&str> = schema.chain("a").iter().map(|table| table.name.as_str()).collect();
    assert_eq!(chain, ["a", "a__x", "a__x__z", "a__y"]);
    assert_eq!(schema.root_of("a__x__z").unwrap().name, "a");
    assert!(matches!(schema.drop_tables(&["a__x"]), Err(SchemaError::Orphans { .. })));
    assert_eq!(schema.drop_tables(&["a__x", "a__x__z"]).unwrap().len(), 2);
}

/// What grows with the square of the tables takes minutes here.
#[test]
fn thousands_of_tables_are_merged_and_dropped_at_once() {
    let mut source = schema();
    let tables = (0..10_000).flat_map(|nth| {
        let (root, child) = (format!("t{nth}"), format!("t{nth}__list"));
        [Table::root(&root, &root), Table::nested(&child, &root)]
    });
    source.merge_all(tables, MergeOrigin::Resource).unwrap();
    let mut stored = schema();
    stored.merge_tables(&source).unwrap();
    assert_eq!(stored.nesting().parents_first().filter(|table| table.is_nested()).count(), 10_000);
    let names: Vec<&str> = source.data_tables().map(|table| table.name.as_str()).collect();
    assert_eq!(stored.drop_tables(&names).unwrap().len(), 20_000);
}

#[test]
fn a_cycle_of_parents_does_not_hang() {
    let mut schema = schema();
    for (name, parent) in [("a", "b"), ("b", "a")] {
        schema.tables.insert(name.to_owned(), Table::nested(name, parent));
    }
    assert!(schema.root_of("a").is_none());
    assert!(schema.chain("a").len() <= schema.tables.len() + 1);
    assert_eq!(schema.write_disposition("a"), WriteDisposition::Append);
}

#[test]
fn the_nearest_contract_counts_and_the_system_tables_have_none() {
    let mut schema = schema();
    schema.set_contract(Some(json!({"columns": "freeze"}))).unwrap();
    schema.merge_table(Table::root("a", "a"), MergeOrigin::Other).unwrap();
    schema.merge_table(Table::nested("a__l", "a"), MergeOrigin::Other).unwrap();
    let frozen_columns = ContractModes { columns: ContractMode::Freeze, ..ContractModes::EVOLVE };
    assert_eq!(schema.contract_for("a__l", None).unwrap(), frozen_columns);
    schema.tables["a"].schema_contract = Some(json!("discard_row"));
    assert_eq!(schema.contract_for("a__l", None).unwrap(), ContractModes::all(ContractMode::DiscardRow));
    let incoming = Table { schema_contract: Some(json!("evolve")), ..Table::nested("a__l", "a") };
    assert!(schema.contract_for("a__l", Some(&incoming)).unwrap().is_evolve());
    assert!(schema.contract_for("_dlt_loads", None).unwrap().is_evolve());
    assert!(schema.set_contract(Some(json!("frozen"))).is_err());
}

#[test]
fn new_columns_get_type_and_hints_by_name() {
    // Case normalize-schema-settings of the oracle.
    let mut schema = schema();
    let hints: indexmap::IndexMap<DefaultHint, Vec<String>> = serde_json::from_value(
        json!({"not_null": ["re:^secret_"], "unique": ["re:_key$"], "sort": ["CreatedAt"]}),
    )
    .unwrap();
    schema.merge_default_hints(&hints).unwrap();
    schema.merge_default_hints(&hints).unwrap();
    let types = serde_json::from_value(json!({"amount": "decimal", "re:_at$": "timestamp"})).unwrap();
    schema.merge_preferred_types(&types).unwrap();
    assert_eq!(schema.settings.default_hints.as_ref().unwrap()[&DefaultHint::Sort], ["created_at"]);
    let inference = schema.inference(0.0).unwrap();
    assert_eq!(inference.column_type("amount", &Scalar::Text("x".into())), DataType::Decimal);
    assert_eq!(inference.column_type("amount_text", &Scalar::Int(1)), DataType::Bigint);
    let column = |name| serde_json::to_value(inference.new_column(name, DataType::Text)).unwrap();
    assert_eq!(
        column("secret_key"),
        json!({"name": "secret_key", "data_type": "text", "nullable": false, "unique": true})
    );
    assert_eq!(
        column("created_at"),
        json!({"name": "created_at", "data_type": "text", "nullable": true, "sort": true})
    );
    assert_eq!(
        column("_dlt_parent_id"),
        json!({"name": "_dlt_parent_id", "data_type": "text", "nullable": false, "parent_key": true})
    );
    let variant = inference.new_variant("a__v_text", DataType::Text);
    assert_eq!(variant.description.as_deref(), Some("Variant of column a__v_text generated by dlt"));
}

#[test]
fn a_hint_overrides_what_is_inferred() {
    let inference = schema().inference(0.0).unwrap();
    let hinted: Column = serde_json::from_value(json!({"name": "k", "nullable": false, "x-own": 1})).unwrap();
    let column = serde_json::to_value(inference.complete(&hinted, DataType::Bigint)).unwrap();
    assert_eq!(column, json!({"name": "k", "data_type": "bigint", "nullable": false, "x-own": 1}));
}

#[test]
fn a_name_that_looks_like_a_pattern_is_refused() {
    let mut schema = schema();
    let types = serde_json::from_value(json!({"^amount$": "decimal"})).unwrap();
    assert!(matches!(schema.merge_preferred_types(&types), Err(SchemaError::Pattern { .. })));
    let types = serde_json::from_value(json!({"re:(?=a)": "decimal"})).unwrap();
    assert!(schema.merge_preferred_types(&types).unwrap_err().to_string().contains("look-around"));
}

#[test]
fn the_naming_convention_is_frozen_once_there_is_data() {
    let mut schema = schema();
    let hints: ResourceHints =
        serde_json::from_value(json!({"columns": {"user_id": {"data_type": "text"}}})).unwrap();
    let tables = hints.to_tables("git_hub", &schema.naming(None)).unwrap();
    schema.merge_table(tables[0].clone(), MergeOrigin::Resource).unwrap();
    schema.merge_table(schema.pipeline_state_table(), MergeOrigin::Resource).unwrap();
    schema.set_naming(NamingKind::SqlCsV1).unwrap();
    assert_eq!(schema.naming_kind(), NamingKind::SqlCsV1);
    assert!(schema.tables.contains_key("git_hub"));
    schema.tables["git_hub"].set_seen_data();
    let before = schema.clone();
    assert!(matches!(
        schema.set_naming(NamingKind::SnakeCase),
        Err(SchemaError::TableIdentifiersFrozen { .. })
    ));
    assert_eq!(schema, before);
    schema.normalizers.allow_identifier_change_on_table_with_data = Some(true);
    schema.set_naming(NamingKind::SnakeCase).unwrap();
}

#[test]
fn names_that_a_destination_cannot_hold_are_found() {
    let mut schema = Schema::new("shop", NamingKind::Direct).unwrap();
    let limits = IdentifierLimits { table_length: 40, column_length: 30, case_sensitive: false };
    schema.verify_identifiers(&limits).unwrap();
    schema
        .merge_table(
            table(
                json!({"name": "t", "columns": {"Id": {"data_type": "text"}, "ID": {"data_type": "text"}}}),
            ),
            MergeOrigin::Other,
        )
        .unwrap();
    assert!(matches!(schema.verify_identifiers(&limits), Err(SchemaError::IdentifierCollision { .. })));
    schema.verify_identifiers(&IdentifierLimits { case_sensitive: true, ..limits }).unwrap();
    let long = "x".repeat(31);
    schema
        .merge_table(
            table(json!({"name": "u", "columns": {long: {"data_type": "text"}}})),
            MergeOrigin::Other,
        )
        .unwrap();
    let error = schema.verify_identifiers(&IdentifierLimits { case_sensitive: true, ..limits }).unwrap_err();
    assert!(matches!(error, SchemaError::IdentifierTooLong { length: 31, limit: 30, .. }));
}
