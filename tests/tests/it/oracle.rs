//! What dlt made of the cases in `fixtures/oracle/` is what the binary makes of them.

use cartage_tests::binaries::{binary, workspace};
use cartage_tests::oracle::{Case, Destination, RunOptions, run_case};

/// What is not as in dlt, on purpose; each is in docs/differences.md.
const DIFFERENT: [(Destination, &str); 14] = [
    // A key without any character that names keep becomes a column without a name in dlt's files.
    (Destination::Jsonl, "naming-key-of-path-separator"),
    (Destination::Parquet, "naming-key-of-path-separator"),
    // DuckDB reads dlt's wei as doubles, which have lost their last digits.
    (Destination::Parquet, "types-large-integer-detection"),
    // dlt's Parquet writer refuses integers above 64 bits, and bytes of another length than the hint says.
    (Destination::Parquet, "types-integer-above-bigint"),
    (Destination::Parquet, "types-precision-hints"),
    // PostgreSQL's wei have room for it, and so has text in SQLite; dlt fails before it gets there.
    (Destination::Postgres, "types-integer-over-64-bits"),
    (Destination::Sqlite, "types-integer-over-64-bits"),
    // SQLite rounds decimals in the columns that dlt declares.
    (Destination::Sqlite, "types-large-integer-detection"),
    // dlt does not swap tables there, as in DuckDB.
    (Destination::Sqlite, "replace-staging-optimized"),
    (Destination::MariaDb, "replace-staging-optimized"),
    // dlt names no column by a key of dots alone where it writes rows itself.
    (Destination::Sqlite, "naming-key-of-path-separator"),
    (Destination::MariaDb, "naming-key-of-path-separator"),
    // dlt's text has room for 64 KB.
    (Destination::MariaDb, "types-long-strings"),
    // dlt adds columns that must not be null, with zeros for the rows that are there, before the load fails.
    (Destination::MariaDb, "normalize-row-id-in-nested-data"),
];

/// Cases of tables of databases that are not as in dlt, on purpose; each is in docs/differences.md.
const DIFFERENT_TABLES: [&str; 22] = [
    // At this level dlt types columns by their values.
    "sql-mariadb-types-minimal",
    "sql-postgres-all-null-minimal",
    "sql-postgres-keys-minimal",
    "sql-postgres-types-minimal",
    // dlt loads the parts of a partitioned table besides it.
    "sql-postgres-all-tables",
    "sql-postgres-all-tables-and-views",
    // An unknown column is an error; a table without all of its key has none, where dlt fails.
    "sql-postgres-excluded-columns",
    "sql-postgres-excluded-key",
    "sql-postgres-included-columns",
    "sql-postgres-included-columns-without-key",
    // dlt keeps the digits of a numeric in the hint that its text has, and writes 1E-9.
    "sql-postgres-hints-over-reflection",
    // The length of an enum's longest member, and none of domains.
    "sql-postgres-types-full-with-precision",
    // dlt loses rows, or values change.
    "sql-mariadb-lossy-cursor-double",
    "sql-mariadb-lossy-cursor-float",
    "sql-postgres-lossy-cursor-infinity",
    "sql-postgres-lossy-cursor-numeric",
    "sql-postgres-lossy-cursor-numeric-ties",
    "sql-postgres-lossy-cursor-real",
    // JSON of MariaDB is JSON, `bigint unsigned` has room for all of it, and a timestamp is an instant.
    "sql-mariadb-cursor-at-zoned",
    "sql-mariadb-empty-and-null",
    "sql-mariadb-types-full",
    "sql-mariadb-types-full-with-precision",
];

/// Areas about how rows are brought together with rows that are there.
const LOADS: [&str; 6] = ["append", "replace", "merge", "scd2", "incremental", "state"];

fn passes(area: &str) {
    passes_with(Destination::DuckDb, |case| case.area == area);
}

fn passes_with(destination: Destination, is_wanted: impl Fn(&Case) -> bool) {
    let cases = Case::all(&workspace().join("fixtures/oracle/cases")).expect("the cases can be read");
    let options = RunOptions { destination, ..RunOptions::new(binary("cartage")) };
    let mut faults = Vec::new();
    let mut total = 0;
    let by_design = Case::different_by_design().expect("the list can be read");
    let is_equal = |case: &&Case| {
        !DIFFERENT.contains(&(destination, case.name.as_str())) && !by_design.contains_key(&case.name)
    };
    for case in cases.iter().filter(|case| is_wanted(case)).filter(is_equal) {
        total += 1;
        let differences = run_case(case, &options).differences;
        faults.extend(differences.into_iter().map(|line| format!("{}: {line}", case.name)));
    }
    assert!(total > 0, "there are such cases");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Cases in which tables of a database are read.
fn tables_pass(database: &str, part: impl Fn(&Case) -> bool) {
    let cases = Case::all(&workspace().join("fixtures/oracle-sql/cases")).expect("the cases can be read");
    let is_wanted = |case: &&Case| case.name.starts_with(&format!("sql-{database}-")) && part(case);
    let wanted: Vec<&Case> = cases.iter().filter(is_wanted).collect();
    assert!(!wanted.is_empty(), "there are such cases");
    let options = RunOptions::new(binary("cartage"));
    let mut faults = Vec::new();
    for case in wanted.into_iter().filter(|case| !DIFFERENT_TABLES.contains(&case.name.as_str())) {
        let differences = run_case(case, &options).differences;
        faults.extend(differences.into_iter().map(|line| format!("{}: {line}", case.name)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn tables_of_postgresql_are_read_as_by_dlt() {
    tables_pass("postgres", |case| case.area != "incremental");
}

#[test]
fn cursors_over_tables_of_postgresql_are_those_of_dlt() {
    tables_pass("postgres", |case| case.area == "incremental");
}

#[test]
fn tables_of_mariadb_are_read_as_by_dlt() {
    tables_pass("mariadb", |_| true);
}

#[test]
fn tables_of_sqlite_are_read_as_by_dlt() {
    tables_pass("sqlite", |_| true);
}

#[test]
fn appended_rows_are_those_of_dlt() {
    passes("append");
}

#[test]
fn replaced_tables_are_those_of_dlt() {
    passes("replace");
}

#[test]
fn merged_tables_are_those_of_dlt() {
    passes("merge");
}

#[test]
fn histories_are_those_of_dlt() {
    passes("scd2");
}

#[test]
fn normalized_rows_are_those_of_dlt() {
    passes("normalize");
}

#[test]
fn types_are_those_of_dlt() {
    passes("types");
}

#[test]
fn names_are_those_of_dlt() {
    passes("naming");
}

#[test]
fn child_tables_are_those_of_dlt() {
    passes("nesting");
}

#[test]
fn hints_are_those_of_dlt() {
    passes("hints");
}

#[test]
fn schemas_evolve_as_in_dlt() {
    passes("schema-evolution");
}

#[test]
fn contracts_discard_and_freeze_as_in_dlt() {
    passes("contracts");
}

#[test]
fn cursors_are_those_of_dlt() {
    passes("incremental");
}

#[test]
fn state_is_that_of_dlt() {
    passes("state");
}

#[test]
fn loads_into_postgres_are_those_of_dlt() {
    passes_with(Destination::Postgres, |case| LOADS.contains(&case.area.as_str()));
}

#[test]
fn rows_in_postgres_are_those_of_dlt() {
    passes_with(Destination::Postgres, |case| !LOADS.contains(&case.area.as_str()));
}

#[test]
fn loads_into_mariadb_are_those_of_dlt() {
    passes_with(Destination::MariaDb, |case| LOADS.contains(&case.area.as_str()));
}

#[test]
fn rows_in_mariadb_are_those_of_dlt() {
    passes_with(Destination::MariaDb, |case| !LOADS.contains(&case.area.as_str()));
}

#[test]
fn loads_into_sqlite_are_those_of_dlt() {
    passes_with(Destination::Sqlite, |case| LOADS.contains(&case.area.as_str()));
}

#[test]
fn rows_in_sqlite_are_those_of_dlt() {
    passes_with(Destination::Sqlite, |case| !LOADS.contains(&case.area.as_str()));
}

#[test]
fn loads_into_parquet_files_are_those_of_dlt() {
    passes_with(Destination::Parquet, |case| LOADS.contains(&case.area.as_str()));
}

#[test]
fn rows_in_parquet_files_are_those_of_dlt() {
    passes_with(Destination::Parquet, |case| !LOADS.contains(&case.area.as_str()));
}

#[test]
fn loads_into_files_of_json_lines_are_those_of_dlt() {
    passes_with(Destination::Jsonl, |case| LOADS.contains(&case.area.as_str()));
}

#[test]
fn rows_in_files_of_json_lines_are_those_of_dlt() {
    passes_with(Destination::Jsonl, |case| !LOADS.contains(&case.area.as_str()));
}
