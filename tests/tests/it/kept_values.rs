//! No value is lost without a word, from the file to the table.

use cartage_tests::harness::Bench;

#[test]
fn leading_zeros_and_long_numbers_arrive_beside_the_numbers_of_their_column() {
    let bench = Bench::new();
    bench.write("a.jsonl", "{\"n\":1}\n{\"n\":\"007\"}\n{\"n\":18446744073709551616}\n");
    bench.items("a.jsonl", "");
    bench.cartage(&["run"]).exits_with(0);
    let rows = bench.rows(
        "SELECT coalesce(CAST(n AS VARCHAR), n__v_text, CAST(CAST(n__v_decimal AS DECIMAL(38, 0)) AS VARCHAR)) AS n \
         FROM data.items",
    );
    assert_eq!(rows, [r#"{"n":"007"}"#, r#"{"n":"1"}"#, r#"{"n":"18446744073709551616"}"#]);
}

#[test]
fn a_row_without_its_key_is_named_by_file_line_and_column() {
    let bench = Bench::new();
    bench.write("a.jsonl", "{\"id\":1}\n{\"name\":\"x\"}\n");
    bench.items("a.jsonl", "write_disposition = \"merge\"\nprimary_key = \"id\"");
    bench.cartage(&["run"]).exits_with(1).says("a.jsonl, line 2").says("column `id`");
}

#[test]
fn a_row_that_is_only_a_key_and_a_mark_deletes() {
    let more = "write_disposition = \"merge\"\nprimary_key = \"id\"\n\
                columns = { gone = { data_type = \"bool\", hard_delete = true }, \
                name = { data_type = \"text\", nullable = false } }";
    for strategy in ["delete-insert", "upsert"] {
        let bench = Bench::new();
        let more =
            more.replace("\"merge\"", &format!("{{ disposition = \"merge\", strategy = \"{strategy}\" }}"));
        bench.write(
            "a.jsonl",
            "{\"id\":1,\"name\":\"a\",\"kids\":[1]}\n{\"id\":2,\"name\":\"b\",\"kids\":[2]}\n",
        );
        bench.items("*.jsonl", &more);
        bench.cartage(&["run"]).exits_with(0);
        bench.write("a.jsonl", "{\"id\":1,\"gone\":true}\n{\"id\":3,\"gone\":true}\n");
        bench.cartage(&["run"]).exits_with(0);
        assert_eq!(bench.rows("SELECT id, name FROM data.items"), [r#"{"id":2,"name":"b"}"#], "{strategy}");
        assert_eq!(bench.number("SELECT count(*) FROM data.items__kids"), 1, "{strategy}");
    }
}

#[test]
fn the_summary_names_keys_that_share_a_column_and_numbers_that_became_null() {
    let bench = Bench::new();
    bench.write("a.jsonl", "{\"Col A\":1,\"col_a\":2,\"x\":1.5}\n{\"x\":1e400}\n");
    bench.items("a.jsonl", "");
    let done = bench.cartage(&["run"]).exits_with(0);
    for part in ["`Col A` and `col_a`", "column `x`"] {
        assert!(done.stdout.contains(part), "{part}: {}", done.stdout);
    }
}
