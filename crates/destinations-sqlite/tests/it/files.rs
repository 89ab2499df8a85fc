//! The file: who makes it, who else has it, and what is left of it.

use std::sync::Arc;

use arrow::array::Int64Array;
use cartage_destinations_api::{Destination as _, ErrorKind, LoadStatus, StateSync as _};
use cartage_schema::{Column, DataType};

use crate::util::{Fixture, connect};

fn id() -> Column {
    Column::typed("id", DataType::Bigint, false)
}

#[test]
fn asking_makes_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = connect(&folder);
    assert!(sqlite.newest_state("shop").unwrap().is_none());
    assert_eq!(sqlite.reader().unwrap().tables().unwrap(), [""; 0]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_complete_load_leaves_one_file_with_the_tables_of_the_schema() {
    let fixture = Fixture::new("", [id()]);
    fixture.load(vec![("id", Arc::new(Int64Array::from(vec![1, 2])))]).unwrap();
    assert_eq!(fixture.sqlite.load_status(&fixture.plan.key).unwrap(), LoadStatus::Started);
    fixture.commit();
    assert_eq!(fixture.sqlite.load_status(&fixture.plan.key).unwrap(), LoadStatus::Complete);
    let database = fixture.database();
    let names: String = database
        .query_row("SELECT group_concat(name ORDER BY name) FROM sqlite_schema", [], |row| row.get(0))
        .unwrap();
    assert_eq!(names, "_dlt_loads,_dlt_version,items");
    drop(database);
    let mut files: Vec<_> =
        std::fs::read_dir(fixture.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["one.parquet", "shop.sqlite"], "the log is part of the file again");
}

#[test]
fn a_row_without_a_value_that_must_be_there_is_refused_with_its_column() {
    let fixture = Fixture::new("", [id()]);
    let error = fixture.load(vec![("id", Arc::new(Int64Array::from(vec![Some(1), None])))]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Terminal);
    let text = error.to_string();
    assert!(text.contains("row 2 of the file") && text.contains("items.id"), "{text}");
}

#[test]
fn a_file_of_another_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.sqlite");
    std::fs::write(&path, "not a database, but longer than the header of one: ".repeat(10)).unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = connect(&folder).newest_state("shop").unwrap_err();
    assert!(error.remedy().unwrap().contains("not a SQLite database"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn an_open_reader_does_not_keep_a_load_from_its_commit() {
    let fixture = Fixture::new("CREATE TABLE other (a)", [id()]);
    let reader = fixture.database();
    reader.execute_batch("BEGIN; SELECT * FROM other").unwrap();
    fixture.load(vec![("id", Arc::new(Int64Array::from(vec![1])))]).unwrap();
    fixture.commit();
    assert_eq!(fixture.stored("id").len(), 1);
}

#[test]
fn a_row_that_the_table_leaves_out_ends_the_load() {
    let trigger = "CREATE TABLE items (id BIGINT); \
                   CREATE TRIGGER skip BEFORE INSERT ON items WHEN new.id = 2 BEGIN SELECT raise(IGNORE); END";
    let fixture = Fixture::new(trigger, [Column { nullable: Some(true), ..id() }]);
    let error = fixture.load(vec![("id", Arc::new(Int64Array::from(vec![1, 2])))]).unwrap_err();
    assert!(error.to_string().contains("row 2 of the file was left out"), "{error}");
    assert_eq!(fixture.stored("id"), []);
}

#[test]
fn rows_that_refer_to_loaded_ones_stay() {
    let references = "CREATE TABLE items (id BIGINT UNIQUE); INSERT INTO items VALUES (1); \
                      CREATE TABLE notes (item REFERENCES items (id) ON DELETE CASCADE); INSERT INTO notes VALUES (1)";
    let fixture = Fixture::new(references, [Column { nullable: Some(true), ..id() }]);
    fixture.load(vec![("id", Arc::new(Int64Array::from(vec![3])))]).unwrap();
    fixture.commit();
    let notes: i64 =
        fixture.database().query_row("SELECT count(*) FROM notes", [], |row| row.get(0)).unwrap();
    assert_eq!(notes, 1);
}
