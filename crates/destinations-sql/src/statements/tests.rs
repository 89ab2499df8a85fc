//! The text of generated scripts, as it is printed.

use cartage_schema::{Column, DataType, ReplaceStrategy, Table};

use super::ddl::{self, Existing};
use super::test_dialect::Standard;
use super::{ChainTable, Dialect, TableRef, follow_up};
use cartage_destinations_api::FollowUp;
use cartage_destinations_api::{ErrorKind, SqlScript, Statement};

fn orders() -> Table {
    let mut id = Column::typed("id", DataType::Bigint, false);
    id.unique = Some(true);
    Table::root("orders", "orders")
        .with_column(id)
        .with_column(Column::typed("say \"hi\"", DataType::Text, true))
        .with_column(Column::new("unknown"))
}

fn try_migrate(existing: &Existing, has_rows: bool) -> cartage_destinations_api::Result<ddl::Migration> {
    ddl::migrate(&Standard, "raw", &[&orders()], existing, true, &|_| Ok(has_rows))
}

fn migrate(existing: &Existing, has_rows: bool) -> ddl::Migration {
    try_migrate(existing, has_rows).unwrap()
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
fn columns_are_added_and_constrained() {
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
}

#[test]
fn a_column_that_must_not_be_null_does_not_join_rows() {
    let mut existing = Existing::default();
    existing.insert(&Standard, "orders", ["say \"hi\"".to_owned()]);
    let error = try_migrate(&existing, true).expect_err("the rows have no value for it");
    assert_eq!(error.kind(), ErrorKind::Terminal);
    assert!(error.remedy().is_some_and(|remedy| remedy.contains("nullable = true for id")), "{error:?}");
}

#[test]
fn nothing_is_done_where_all_is_there() {
    let mut existing = Existing::default();
    existing.insert(&Standard, "orders", ["id".to_owned(), "say \"hi\"".to_owned(), "other".to_owned()]);
    assert!(migrate(&existing, true).script.is_empty());
}

fn chain_table(table: &Table) -> ChainTable<'_> {
    ChainTable::new(
        TableRef::new("raw", &table.name),
        TableRef::new("raw_staging", format!("{}__tag", table.name)),
        table,
    )
}

fn shop() -> [Table; 2] {
    let orders = Table::root("orders", "orders")
        .with_column(Column::typed("id", DataType::Bigint, false))
        .with_column(Column::typed("_dlt_id", DataType::Text, false));
    let lines = Table::nested("orders__lines", "orders")
        .with_column(Column::typed("sku", DataType::Text, true))
        .with_column(Column::typed("_dlt_root_id", DataType::Text, false));
    [orders, lines]
}

fn generated(kind: FollowUp, tables: &[Table]) -> String {
    let chain: Vec<ChainTable<'_>> = tables.iter().map(chain_table).collect();
    follow_up(&Standard, kind, &chain, 0, super::merge::update_by_merge).unwrap().to_string()
}

#[test]
fn a_staged_replace_empties_and_fills_each_table_of_the_chain() {
    let script = generated(FollowUp::Replace(ReplaceStrategy::InsertFromStaging), &shop());
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
    insta::assert_snapshot!(generated(swap, &shop()[..1]), @r#"
    -- replace orders: the staged table takes its place
    DROP TABLE IF EXISTS "raw"."orders";
    -- replace orders: the staged table takes its place
    ALTER TABLE "raw_staging"."orders__tag" SET SCHEMA "raw";
    -- replace orders: the staged table takes its place
    ALTER TABLE "raw"."orders__tag" RENAME TO "orders";
    "#);
}

#[test]
fn a_purpose_cannot_break_out_of_its_comment() {
    let script = SqlScript::from(Statement::new("two\nlines", "SELECT 1"));
    assert_eq!(script.to_string(), "-- two lines\nSELECT 1;\n");
    assert_eq!(Standard.quote("a\"b"), "\"a\"\"b\"");
}
