//! The text of generated scripts, as it is printed.

use cartage_schema::{Column, DataType, MergeStrategy, ReplaceStrategy, SortOrder, Table};

use super::ddl::{self, Existing};
use super::test_dialect::Standard;
use super::{ChainTable, Dialect, TableRef, follow_up};
use crate::plan::FollowUp;

fn orders() -> Table {
    let mut id = Column::typed("id", DataType::Bigint, false);
    id.unique = Some(true);
    Table::root("orders", "orders")
        .with_column(id)
        .with_column(Column::typed("say \"hi\"", DataType::Text, true))
        .with_column(Column::new("unknown"))
}

fn migrate(existing: &Existing, has_rows: bool) -> ddl::Migration {
    ddl::migrate(&Standard, "raw", &[&orders()], existing, true, &|_| Ok(has_rows)).unwrap()
}

#[test]
fn a_table_is_created_with_its_typed_columns_and_quoted_names() {
    let migration = migrate(&Existing::default(), false);
    insta::assert_snapshot!(migration.script.to_string(), @r#"
    -- create table orders
    CREATE TABLE "raw"."orders" (
        "id" BIGINT UNIQUE NOT NULL,
        "say ""hi""" VARCHAR
    );
    "#);
}

#[test]
fn columns_are_added_and_constrained_only_while_the_table_is_empty() {
    let mut existing = Existing::default();
    existing.insert(&Standard, "orders", ["say \"hi\"".to_owned()]);
    let empty = migrate(&existing, false);
    insta::assert_snapshot!(empty.script.to_string(), @r#"
    -- add id to orders
    ALTER TABLE "raw"."orders" ADD COLUMN "id" BIGINT;
    -- forbid nulls in id of orders
    ALTER TABLE "raw"."orders" ALTER COLUMN "id" SET NOT NULL;
    "#);
    assert_eq!(empty.changes.warnings.len(), 1, "the unique constraint: {:?}", empty.changes.warnings);

    let filled = migrate(&existing, true);
    insta::assert_snapshot!(filled.script.to_string(), @r#"
    -- add id to orders
    ALTER TABLE "raw"."orders" ADD COLUMN "id" BIGINT;
    "#);
    assert_eq!(filled.changes.warnings.len(), 2, "{:?}", filled.changes.warnings);
}

#[test]
fn nothing_is_done_where_all_is_there() {
    let mut existing = Existing::default();
    existing.insert(&Standard, "orders", ["id".to_owned(), "say \"hi\"".to_owned(), "other".to_owned()]);
    assert!(migrate(&existing, true).script.is_empty());
}

fn chain_table(table: &Table) -> ChainTable<'_> {
    ChainTable {
        target: TableRef::new("raw", &table.name),
        staged: TableRef::new("raw_staging", format!("{}__tag", table.name)),
        table,
    }
}

fn key(name: &str, set: impl FnOnce(&mut Column)) -> Column {
    let mut column = Column::typed(name, DataType::Text, false);
    set(&mut column);
    column
}

/// Orders with `extra` columns, and lines below.
fn shop(extra: impl IntoIterator<Item = Column>) -> [Table; 2] {
    let orders = Table::root("orders", "orders")
        .with_column(Column::typed("id", DataType::Bigint, false))
        .with_column(key("_dlt_id", |column| column.row_key = Some(true)));
    let lines = Table::nested("orders__lines", "orders")
        .with_column(Column::typed("sku", DataType::Text, true))
        .with_column(key("_dlt_root_id", |column| column.root_key = Some(true)));
    [extra.into_iter().fold(orders, Table::with_column), lines]
}

fn generated(kind: FollowUp, tables: &[Table]) -> String {
    let chain: Vec<ChainTable<'_>> = tables.iter().map(chain_table).collect();
    follow_up(&Standard, kind, &chain).unwrap().to_string()
}

#[test]
fn a_staged_replace_empties_and_fills_each_table_of_the_chain() {
    let script = generated(FollowUp::Replace(ReplaceStrategy::InsertFromStaging), &shop([]));
    insta::assert_snapshot!(script, @r#"
    -- replace orders: remove the rows of earlier loads
    TRUNCATE TABLE "raw"."orders";
    -- replace orders: insert the staged rows
    INSERT INTO "raw"."orders" ("id", "_dlt_id") SELECT "id", "_dlt_id" FROM "raw_staging"."orders__tag";
    -- replace orders__lines: remove the rows of earlier loads
    TRUNCATE TABLE "raw"."orders__lines";
    -- replace orders__lines: insert the staged rows
    INSERT INTO "raw"."orders__lines" ("sku", "_dlt_root_id") SELECT "sku", "_dlt_root_id" FROM "raw_staging"."orders__lines__tag";
    "#);
    let swap = FollowUp::Replace(ReplaceStrategy::StagingOptimized);
    assert!(follow_up(&Standard, swap, &[chain_table(&shop([])[0])]).is_err());
}

#[test]
fn delete_insert_of_a_flat_table_needs_no_row_keys() {
    let mut tables = shop([key("day", |column| column.merge_key = Some(true))]);
    tables[0].columns["id"].primary_key = Some(true);
    let script = generated(FollowUp::Merge(MergeStrategy::DeleteInsert), &tables[..1]);
    insta::assert_snapshot!(script, @r#"
    -- merge orders: delete rows with the primary key of staged rows
    DELETE FROM "raw"."orders" AS d WHERE EXISTS (SELECT 1 FROM "raw_staging"."orders__tag" AS s WHERE d."id" = s."id");
    -- merge orders: delete rows with the merge key of staged rows
    DELETE FROM "raw"."orders" AS d WHERE EXISTS (SELECT 1 FROM "raw_staging"."orders__tag" AS s WHERE d."day" = s."day");
    -- merge orders: insert the staged rows
    INSERT INTO "raw"."orders" ("id", "_dlt_id", "day") SELECT "id", "_dlt_id", "day" FROM (SELECT *, row_number() OVER (PARTITION BY "id") AS _cartage_position FROM "raw_staging"."orders__tag") AS chosen WHERE _cartage_position = 1;
    "#);
}

#[test]
fn delete_insert_of_a_chain_follows_the_root_rows() {
    let gone = Column { hard_delete: Some(true), ..Column::typed("gone", DataType::Text, true) };
    let version =
        Column { dedup_sort: Some(SortOrder::Desc), ..Column::typed("version", DataType::Bigint, true) };
    let mut tables = shop([gone, version]);
    tables[0].columns["id"].primary_key = Some(true);
    let script = generated(FollowUp::Merge(MergeStrategy::DeleteInsert), &tables);
    insta::assert_snapshot!(script, @r#"
    -- merge orders: find the rows with the keys of staged rows
    CREATE TEMPORARY TABLE _cartage_deleted AS SELECT d."_dlt_id" AS k FROM "raw"."orders" AS d WHERE EXISTS (SELECT 1 FROM "raw_staging"."orders__tag" AS s WHERE d."id" = s."id");
    -- merge orders__lines: delete the rows below them
    DELETE FROM "raw"."orders__lines" WHERE "_dlt_root_id" IN (SELECT k FROM _cartage_deleted);
    -- merge orders: delete them
    DELETE FROM "raw"."orders" WHERE "_dlt_id" IN (SELECT k FROM _cartage_deleted);
    -- merge orders: forget them
    DROP TABLE _cartage_deleted;
    -- merge orders: choose the staged rows that come
    CREATE TEMPORARY TABLE _cartage_inserted AS SELECT "_dlt_id" AS k FROM (SELECT *, row_number() OVER (PARTITION BY "id" ORDER BY "version" DESC) AS _cartage_position FROM "raw_staging"."orders__tag") AS chosen WHERE _cartage_position = 1 AND "gone" IS NULL;
    -- merge orders: insert them
    INSERT INTO "raw"."orders" ("id", "_dlt_id", "gone", "version") SELECT "id", "_dlt_id", "gone", "version" FROM "raw_staging"."orders__tag" WHERE "_dlt_id" IN (SELECT k FROM _cartage_inserted);
    -- merge orders__lines: insert the staged rows below them
    INSERT INTO "raw"."orders__lines" ("sku", "_dlt_root_id") SELECT "sku", "_dlt_root_id" FROM "raw_staging"."orders__lines__tag" WHERE "_dlt_root_id" IN (SELECT k FROM _cartage_inserted);
    -- merge orders: forget the choice
    DROP TABLE _cartage_inserted;
    "#);
}

#[test]
fn a_nested_table_without_the_key_of_its_root_row_cannot_be_merged() {
    let mut tables = shop([]);
    tables[0].columns["id"].primary_key = Some(true);
    tables[1].columns["_dlt_root_id"].root_key = None;
    let chain = [chain_table(&tables[0]), chain_table(&tables[1])];
    let error = follow_up(&Standard, FollowUp::Merge(MergeStrategy::DeleteInsert), &chain).unwrap_err();
    assert!(error.to_string().contains("orders__lines"), "{error}");
}

#[test]
fn a_purpose_cannot_break_out_of_its_comment() {
    let script = super::SqlScript::from(super::Statement::new("two\nlines", "SELECT 1"));
    assert_eq!(script.to_string(), "-- two lines\nSELECT 1;\n");
    assert_eq!(Standard.quote("a\"b"), "\"a\"\"b\"");
}
