//! Rows can be cut into blocks anywhere and read by any number of workers: the result is the same.

use cartage_normalize::NormalizeSettings;
use cartage_runtime::OnBadRow;
use cartage_schema::{Column, DataType, NamingKind, Schema, Table};
use cartage_test_support::files_below;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::{Pipeline, Rows};

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => Just(Value::Null),
        2 => any::<bool>().prop_map(Value::from),
        4 => (-3_i64..3).prop_map(Value::from),
        1 => Just(json!(9_223_372_036_854_775_808_u64)),
        2 => (-4_i64..4).prop_map(|quarters| json!(quarters as f64 / 4.0)),
        4 => prop::sample::select(vec!["", "x", "12", "1.5", "yes", "2024-05-06", "2024-05-06T07:08:09Z", "{\"k\":1}", "\u{f026}1.50"])
            .prop_map(Value::from),
    ]
}

fn key() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "A", "c d", "a__b", "list", "value", "kids"]).prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key(), inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn row() -> impl Strategy<Value = String> {
    let object = prop::collection::vec((key(), value()), 0..6);
    let object = object.prop_map(|fields| Value::Object(fields.into_iter().collect()).to_string());
    prop_oneof![
        20 => object,
        2 => value().prop_map(|value| value.to_string()),
        1 => Just("{\"a\":1,\"a\":{\"b\":2},\"b\":3}".to_owned()),
        1 => Just("{\"broken\":".to_owned()),
    ]
}

/// A schema with some hints, so that not everything is new.
fn schema(nesting: Option<u32>, hinted: bool) -> Schema {
    let mut schema = Schema::new("test", NamingKind::SnakeCase).unwrap();
    let mut table = Table::root("items", "items");
    table.set_max_nesting(nesting);
    if hinted {
        table = table
            .with_column(Column { data_type: Some(DataType::Bigint), ..Column::new("b") })
            .with_column(Column { primary_key: Some(true), ..Column::new("a") });
    }
    schema.tables.insert("items".to_owned(), table);
    schema.bump();
    schema
}

/// Everything that a package holds, or the error.
fn outcome(
    schema: &Schema,
    blocks: Vec<&str>,
    workers: usize,
    keep_bad_rows: bool,
) -> Result<String, String> {
    let mut pipeline = Pipeline::new();
    pipeline.workers = workers;
    let on_bad_row = if keep_bad_rows { OnBadRow::Quarantine } else { OnBadRow::Fail };
    pipeline.settings.on_bad_row = Some(on_bad_row);
    pipeline.settings.quarantine.insert("items".to_owned());
    let load_id = pipeline.extract(schema, &[Rows { table: "items", blocks, origins: Vec::new() }]);
    let report = pipeline.normalize(&load_id, None).map_err(|error| error.to_string())?;
    if !report.published {
        return Ok(format!("nothing left: {:?}", report.discards));
    }
    let package = pipeline.package(&load_id);
    let kept: Vec<String> = package
        .manifest()
        .quarantine
        .iter()
        .map(|file| std::fs::read_to_string(package.quarantine_path(&file.name)).unwrap())
        .collect();
    let update = package.schema_update_json().unwrap();
    Ok(format!(
        "{:#?}\n{}\n{update:?}\n{kept:?}\n{:?}\n{:?}",
        pipeline.tables(&load_id),
        package.schema_json().unwrap(),
        report.null_columns,
        report.discards
    ))
}

/// The rows cut at some places.
fn cut(rows: &[String], cuts: &[prop::sample::Index]) -> Vec<String> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(rows.len())).filter(|cut| *cut > 0).collect();
    ends.push(rows.len());
    ends.sort_unstable();
    ends.dedup();
    let starts = std::iter::once(0).chain(ends.iter().copied());
    starts.zip(&ends).map(|(start, end)| rows[start..*end].concat()).collect()
}

/// A mode for each entity; what is frozen is rarer, because it ends everything.
fn contract() -> impl Strategy<Value = Value> {
    let modes = vec!["evolve", "discard_row", "discard_row", "discard_value", "discard_value", "freeze"];
    let mode = prop::sample::select(modes);
    (mode.clone(), mode.clone(), mode).prop_map(
        |(tables, columns, data_type)| json!({"tables": tables, "columns": columns, "data_type": data_type}),
    )
}

/// The schema with some tables and columns that are not new.
fn known_schema(contract: Value, evolves_once: bool, with_child: bool) -> Schema {
    let mut schema = schema(None, false);
    let items = schema.tables.get_mut("items").unwrap();
    for (name, data_type) in [("a", DataType::Bigint), ("b", DataType::Text), ("_dlt_id", DataType::Text)] {
        items.columns.insert(name.to_owned(), Column::typed(name, data_type, name != "_dlt_id"));
    }
    items.schema_contract = Some(contract);
    items.set_evolve_columns_once(evolves_once);
    if with_child {
        let kids =
            Table::nested("items__kids", "items").with_column(Column::typed("a", DataType::Bigint, true));
        schema.tables.insert("items__kids".to_owned(), kids);
    }
    schema
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn contracts_judge_rows_in_order_however_they_are_cut(
        rows in prop::collection::vec(row(), 1..14),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
        workers in 1..4_usize,
        contract in contract(),
        evolves_once in prop::bool::weighted(0.2),
        with_child: bool,
        keep_bad_rows: bool,
    ) {
        let schema = known_schema(contract, evolves_once, with_child);
        let rows: Vec<String> = rows.into_iter().map(|row| format!("{row}\n")).collect();
        let blocks = cut(&rows, &cuts);
        let whole = rows.concat();
        prop_assert_eq!(
            outcome(&schema, vec![&whole], 1, keep_bad_rows),
            outcome(&schema, blocks.iter().map(String::as_str).collect(), workers, keep_bad_rows)
        );
    }

    #[test]
    fn any_split_into_blocks_gives_the_tables_and_schema_of_one_block(
        rows in prop::collection::vec(row(), 1..14),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
        workers in 1..4_usize,
        nesting in prop::option::weighted(0.2, 0..3_u32),
        hinted: bool,
        keep_bad_rows: bool,
    ) {
        let schema = schema(nesting, hinted);
        let rows: Vec<String> = rows.into_iter().map(|row| format!("{row}\n")).collect();
        let blocks = cut(&rows, &cuts);
        let whole = rows.concat();
        prop_assert_eq!(
            outcome(&schema, vec![&whole], 1, keep_bad_rows),
            outcome(&schema, blocks.iter().map(String::as_str).collect(), workers, keep_bad_rows)
        );
    }
}

/// Many small blocks whose types and columns contradict one another.
fn contradicting_blocks() -> Vec<String> {
    let kinds = [
        r#"{"v":1,"n":null}"#,
        r#"{"v":"text","n":{"x":1}}"#,
        r#"{"v":[1,2],"w":true}"#,
        r#"{"w":"no","v":2.5}"#,
    ];
    (0..40)
        .map(|block| {
            let rows = (0..50).map(|row| kinds[(block * 7 + row) % kinds.len()].to_owned() + "\n");
            rows.collect::<String>() + &format!("{{\"new_{}\":{block}}}\n", block % 9)
        })
        .collect()
}

/// All files of a package that this many workers made of contradicting blocks.
fn files_of(workers: usize, settings: &NormalizeSettings) -> Vec<(String, Vec<u8>)> {
    let blocks = contradicting_blocks();
    let mut pipeline = Pipeline::new();
    pipeline.workers = workers;
    pipeline.normalize = settings.clone();
    pipeline.settings.data_writer.file_max_items = Some(700);
    let blocks = blocks.iter().map(String::as_str).collect();
    let load_id =
        pipeline.extract(&schema(None, false), &[Rows { table: "items", blocks, origins: Vec::new() }]);
    pipeline.normalize(&load_id, None).unwrap();
    files_below(pipeline.package(&load_id).path())
}

#[track_caller]
fn any_number_of_workers_leaves_the_same_files(settings: &NormalizeSettings) {
    let one = files_of(1, settings);
    assert!(one.len() > 6, "files are rotated: {}", one.len());
    for workers in [2, 3, 8] {
        assert!(files_of(workers, settings) == one, "{workers} workers leave other bytes");
    }
}

#[test]
fn row_groups_cut_by_rows_have_the_same_bytes_with_any_number_of_workers() {
    any_number_of_workers_leaves_the_same_files(&NormalizeSettings {
        row_group_rows: 300,
        ..NormalizeSettings::default()
    });
}

#[test]
fn row_groups_cut_by_bytes_have_the_same_bytes_with_any_number_of_workers() {
    any_number_of_workers_leaves_the_same_files(&NormalizeSettings {
        row_group_bytes: 6_000,
        buffer_bytes: 20_000,
        ..NormalizeSettings::default()
    });
}
