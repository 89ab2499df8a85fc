//! How progress, packages and changes are written for people.

use std::sync::Arc;
use std::time::Duration;

use cartage_package_store::Folder;
use cartage_pipeline::PackageLine;
use cartage_runtime::{NoProgress, Progress, Stage};
use cartage_schema::SchemaChange;
use serde_json::json;

use crate::args::ProgressArg;
use crate::commands::schema::change_text;
use crate::commands::status::line;
use crate::progress::counters::Counters;
use crate::progress::display;

fn package() -> PackageLine {
    PackageLine {
        load_id: "1795163558.208462".to_owned(),
        folder: Folder::Loaded,
        schema: Some("shop".to_owned()),
        rows: 1_234_567,
        bytes: 105_000_000,
        damage: None,
        reason: None,
    }
}

#[test]
fn a_package_is_a_line_in_columns() {
    assert_eq!(
        line(&package()),
        "1795163558.208462  loaded      shop                 1,234,567 rows   105.0 MB"
    );
    let damaged = PackageLine { damage: Some("its manifest is cut".to_owned()), ..package() };
    assert_eq!(line(&damaged), "1795163558.208462  loaded      its manifest is cut");
    let aside = PackageLine { folder: Folder::Aborted, reason: Some("no parquet\n".to_owned()), ..package() };
    assert!(line(&aside).ends_with("105.0 MB\n    set aside: no parquet"), "{}", line(&aside));
    let nameless = PackageLine { schema: None, rows: 0, bytes: 0, ..package() };
    assert!(line(&nameless).ends_with("           0 rows        0 B"), "{}", line(&nameless));
}

#[test]
fn each_change_of_a_schema_is_a_line_with_a_sign() {
    let (table, column) = (|| "orders".to_owned(), || "price".to_owned());
    for (change, text) in [
        (
            SchemaChange::TableAdded { table: table(), columns: vec!["a".into(), "b".into()] },
            "+ table orders: a, b",
        ),
        (SchemaChange::TableRemoved { table: table() }, "- table orders"),
        (
            SchemaChange::ColumnAdded {
                table: table(),
                column: column(),
                hints: json!({ "data_type": "decimal" }),
            },
            "+ column orders.price: decimal",
        ),
        (
            SchemaChange::ColumnAdded {
                table: table(),
                column: column(),
                hints: json!({ "nullable": true }),
            },
            "+ column orders.price: no type yet",
        ),
        (SchemaChange::ColumnRemoved { table: table(), column: column() }, "- column orders.price"),
        (
            SchemaChange::ColumnChanged {
                table: table(),
                column: column(),
                hint: "scale".into(),
                old: None,
                new: Some(json!(2)),
            },
            "~ column orders.price: scale: nothing -> 2",
        ),
        (
            SchemaChange::TableChanged {
                table: table(),
                hint: "write_disposition".into(),
                old: Some(json!("append")),
                new: Some(json!("merge")),
            },
            "~ table orders: write_disposition: \"append\" -> \"merge\"",
        ),
        (
            SchemaChange::SettingChanged { setting: "naming".into(), old: Some(json!("direct")), new: None },
            "~ naming: \"direct\" -> nothing",
        ),
    ] {
        assert_eq!(change_text(&change), text);
    }
}

#[test]
fn counters_add_up_and_tell_a_rate() {
    let mut counters = Counters::default();
    counters.add(1_000_000, 100_000_000, 1);
    counters.add(234_567, 5_000_000, 1);
    assert_eq!(counters.describe(Duration::from_secs(2)), "1,234,567 rows, 105.0 MB, 617,283 rows/s");
    assert_eq!((counters.done, counters.total), (2, None));
    let text = Counters::default().describe(Duration::ZERO);
    assert_eq!(text, "0 rows, 0 B, 0 rows/s", "no time gives no infinite rate");
}

#[test]
fn the_mode_decides_what_hears_of_progress() {
    let kind = |mode| {
        let display = format!("{:?}", display(mode));
        display.split([' ', '(', '{']).next().unwrap_or_default().to_owned()
    };
    assert_eq!(kind(Some(ProgressArg::None)), format!("{NoProgress:?}"));
    assert_eq!(kind(Some(ProgressArg::Bars)), "Bars");
    assert_eq!(kind(Some(ProgressArg::Log)), "Lines");
}

#[test]
fn displays_take_stages_in_any_order_and_packages_one_after_the_other() {
    for mode in [ProgressArg::Bars, ProgressArg::Log] {
        let display: Arc<dyn Progress> = display(Some(mode));
        // What nobody has begun is told by nobody.
        display.advance(Stage::Load, "items", 1, 1, 1);
        display.end(Stage::Load, "1.5");
        for load_id in ["1.5", "2.5"] {
            display.begin(Stage::Extract, load_id, None);
            display.begin(Stage::Load, load_id, Some(2));
            display.advance(Stage::Extract, "items", 10, 100, 0);
            display.advance(Stage::Load, "items", 10, 100, 1);
            display.end(Stage::Extract, load_id);
            display.advance(Stage::Load, "items", 10, 100, 1);
            display.end(Stage::Load, load_id);
        }
    }
}
