//! CSV of a whole run: no character is lost, and a table is not emptied by mistake.

use cartage_tests::harness::Bench;

#[test]
fn zeros_in_a_later_file_or_behind_the_sample_make_a_new_column_one_of_text() {
    let bench = Bench::new();
    bench.items("zip*.csv", "");
    let many: Vec<String> = (10_000..35_000).map(|zip| zip.to_string()).collect();
    bench.write("zip1.csv", format!("zip\n{}\n02139\n", many.join("\n")));
    bench.write("zip2.csv", "ZIP\n+4917\n");
    bench.cartage(&["run"]).exits_with(0);
    let found = "SELECT count(*) FROM data.items WHERE zip IN ('10000', '02139', '+4917')";
    assert_eq!(bench.number(found), 3);
    assert_eq!(bench.number("SELECT count(*) FROM data.items WHERE typeof(zip) = 'VARCHAR'"), 25_002);
}

#[test]
fn a_hint_of_text_keeps_the_characters_of_numbers() {
    let bench = Bench::new();
    bench.items("v.csv", "columns.version = { data_type = \"text\" }\n");
    bench.write("v.csv", "version;x\n1.10;1\n2.0;2\n");
    bench.cartage(&["run"]).exits_with(0);
    // Another run has the column from the schema.
    bench.cartage(&["run"]).exits_with(0);
    assert_eq!(bench.number("SELECT count(*) FROM data.items WHERE version = '1.10'"), 2);
}

#[test]
fn a_replaced_table_is_emptied_only_where_that_is_allowed() {
    let bench = Bench::new();
    bench.write("a1.csv", "id\n1\n2\n");
    let ingest = |pattern: &str, more: &[&str]| {
        let usual = ["ingest", pattern, "duckdb:o.duckdb", "--table", "t", "--write-disposition", "replace"];
        bench.cartage(&[&usual[..], more].concat())
    };
    ingest("a*.csv", &[]).exits_with(0);
    ingest("b*.csv", &[]).exits_with(1).says("`b*.csv`").says("--allow-empty");
    // What the message names is a way on.
    let done = ingest("b*.csv", &["--allow-empty"]).exits_with(0);
    assert!(done.stdout.contains("note: t: the pattern `b*.csv` matches no file"), "{}", done.stdout);
    let row = done.stdout.lines().find(|line| line.starts_with("t ")).unwrap();
    assert!(row.trim_end().ends_with(" 0"), "{}", done.stdout);
}

#[test]
fn options_of_ingest_say_how_csv_is_written() {
    let bench = Bench::new();
    bench.write("a b.csv", b"title\nname;price;note\n#none\nM\xfcller;1,5;-\n'a;b';2;x\n");
    let address = format!("file://{}", bench.path().join("a%20b.csv").display());
    let done = bench
        .cartage(&[
            "ingest",
            &address,
            "filesystem:lake",
            "--csv-skip-lines",
            "1",
            "--csv-comment",
            "#",
            "--csv-encoding",
            "latin-1",
            "--csv-decimal",
            ",",
            "--csv-quote",
            "'",
            "--csv-null=-",
            "--format",
            "json",
        ])
        .exits_with(0);
    assert!(done.stdout.contains("\"a_b\": 2"), "{}", done.stdout);
    let files = bench.path().join("lake/main/a_b/*.jsonl.gz");
    let rows = bench.rows(&format!(
        "SELECT name || '|' || price || '|' || coalesce(note, 'null') FROM read_json('{}') ORDER BY price",
        files.display()
    ));
    assert_eq!(rows.len(), 2);
    let text = format!("{rows:?}");
    assert!(text.contains("Müller|1.5|null") && text.contains("a;b|2.0|x"), "{text}");
}
