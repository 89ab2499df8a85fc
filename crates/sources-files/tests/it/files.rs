//! Which files are read, in which order, and what is wrong with those that are refused.

use cartage_runtime::{CancelToken, OnBadRow};
use cartage_source_api::{OpenContext, Page, Producer};
use serde_json::json;

use crate::support::{Folder, gzip, replaced_table};

#[test]
fn the_list_keeps_its_order_and_patterns_are_sorted() {
    let folder = Folder::new();
    for (name, row) in [("b/2.jsonl", "2"), ("b/10.jsonl", "10"), ("a.jsonl", "0"), ("b/.hidden.jsonl", "9")]
    {
        folder.write(name, format!("{row}\n"));
    }
    let read = folder.read(&json!({"path": ["b/*.jsonl", "a.jsonl", "b/2.jsonl"]}));
    assert_eq!(read.rows(), "10 2 0");
    let names: Vec<&str> = read.inputs.iter().map(|input| input.name.as_str()).collect();
    assert_eq!(names, ["b/10.jsonl", "b/2.jsonl", "a.jsonl"]);
    assert_eq!(
        read.inputs.iter().map(|input| (input.rows, input.bytes)).collect::<Vec<_>>(),
        [(1, 3), (1, 2), (1, 2)]
    );
    assert_eq!(read.total, Some(7));
    assert!(read.warnings[0].contains("`b/2.jsonl` names"), "{:?}", read.warnings);
    assert_eq!(folder.rows(&json!({"path": "**/*.jsonl"})), "0 10 2");
}

#[test]
fn nothing_is_read_of_an_empty_list_and_a_pattern_without_match_is_a_warning() {
    let folder = Folder::new();
    assert_eq!(folder.read(&json!({"path": []})).pages.len(), 0);
    let read = folder.read(&json!({"path": "orders/*.jsonl"}));
    assert!(read.pages.is_empty());
    assert!(read.warnings[0].starts_with("the pattern `orders/*.jsonl` matches no file in "));
}

#[test]
fn a_table_that_is_replaced_is_not_emptied_by_a_pattern_without_match() {
    let folder = Folder::new();
    folder.write("a.jsonl", "1\n");
    for path in [json!("b*.jsonl"), json!(["a.jsonl", "b*.jsonl"])] {
        let error = folder.error_into(&json!({"path": path}), replaced_table());
        assert!(error.contains("`b*.jsonl`") && error.contains("`allow_empty = true`"), "{error}");
        let config = json!({"path": path, "allow_empty": true});
        let read = folder.read_into(&config, OnBadRow::Fail, replaced_table()).unwrap();
        assert!(read.warnings[0].contains("`b*.jsonl` matches no file"), "{:?}", read.warnings);
    }
    let none = folder.read_into(&json!({"path": []}), OnBadRow::Fail, replaced_table()).unwrap();
    assert_eq!((none.pages.len(), none.warnings.len()), (0, 0));
    let missing = json!({"path": "missing.jsonl", "allow_empty": true});
    assert_eq!(folder.read(&missing).pages.len(), 0);
}

#[test]
fn marks_of_patterns_in_names_that_exist_are_part_of_the_name() {
    let folder = Folder::new();
    for name in ["data[1].jsonl", "in[2024]/a.jsonl", "in[2024]/b[0].jsonl", "in2/c.jsonl", "x/y[1]/d.jsonl"]
    {
        folder.write(name, format!("\"{name}\"\n"));
    }
    for (path, rows) in [
        ("data[1].jsonl", "\"data[1].jsonl\""),
        ("in[2024]/*.jsonl", "\"in[2024]/a.jsonl\" \"in[2024]/b[0].jsonl\""),
        ("in[2024]/b[0].*", "\"in[2024]/b[0].jsonl\""),
        ("*/y[1]/*.jsonl", "\"x/y[1]/d.jsonl\""),
        ("in[0-9]/*.jsonl", "\"in2/c.jsonl\""),
    ] {
        assert_eq!(folder.rows(&json!({"path": path})), rows, "{path}");
    }
}

#[test]
fn addresses_of_files_are_unescaped() {
    let folder = Folder::new();
    folder.write("a b%.jsonl", "1\n");
    folder.write("c*d.jsonl", "2\n");
    folder.write("cxd.jsonl", "3\n");
    let base = folder.path("").display().to_string();
    for (address, rows) in [
        (format!("file://{base}a%20b%25.jsonl"), "1"),
        (format!("file://localhost{base}a%20b%25.jsonl"), "1"),
        (format!("file:{base}a%20*.jsonl"), "1"),
        (format!("file://{base}c*d.jsonl"), "2"),
        (format!("file://{base}c%2A*.jsonl"), "2"),
        (format!("file://{base}c*.jsonl"), "2 3"),
    ] {
        assert_eq!(folder.rows(&json!({"path": address})), rows, "{address}");
    }
    let error = folder.error(&json!({"path": "file:///a%zz.jsonl"}));
    assert!(error.contains("write `%25`"), "{error}");
}

#[test]
fn what_cannot_be_opened_is_named_before_any_row_is_read() {
    let folder = Folder::new();
    folder.write("good.jsonl", "1\n");
    folder.write("folder/x.jsonl", "1\n");
    folder.write("notes.txt", "1\n");
    for (path, message) in [
        ("missing.jsonl", "cannot read missing.jsonl: No such file"),
        ("folder", "folder: is a folder; name its files with a pattern, such as `folder/*.jsonl`"),
        ("notes.txt", "notes.txt: the name does not tell what is in it; set `format`"),
        ("ftp://host/x.jsonl", "sources of type `files` do not read ftp://"),
        ("[a.jsonl", "cannot understand the pattern `[a.jsonl`"),
    ] {
        let error = folder.error(&json!({"path": ["good.jsonl", path]}));
        assert!(error.starts_with(message), "{error}");
    }
    assert_eq!(folder.rows(&json!({"path": "notes.txt", "format": "jsonl"})), "1");
}

#[test]
fn compression_is_told_by_content_and_members_are_joined() {
    let folder = Folder::new();
    let members = [gzip(b"{\"a\":1}\n{\"a\":"), gzip(b"2}\n"), gzip(b"{\"a\":3}")].concat();
    folder.write("a.jsonl.gz", &members);
    folder.write("b.jsonl.gz", "{\"a\":4}\n");
    let frames = [
        zstd::encode_all(&b"{\"a\":5}\n"[..], 1).unwrap(),
        zstd::encode_all(&b"{\"a\":6}\n"[..], 1).unwrap(),
    ];
    folder.write("c.jsonl.zst", frames.concat());
    folder.write("d.ndjson", gzip(b"{\"a\":7}\n"));
    let read = folder.read(&json!({"path": "*"}));
    assert_eq!(read.rows(), (1..=7).map(|n| format!("{{\"a\":{n}}}")).collect::<Vec<_>>().join(" "));
    assert_eq!(read.inputs[0].bytes, members.len() as u64);
    assert_eq!(Some(read.pages.iter().map(cartage_source_api::JsonPage::source_bytes).sum()), read.total);
}

#[test]
fn cut_and_damaged_compressed_files_say_so() {
    let folder = Folder::new();
    let rows = (0..20_000).map(|n| format!("{{\"a\":{n}}}\n")).collect::<Vec<_>>().concat();
    let whole = gzip(rows.as_bytes());
    folder.write("cut.jsonl.gz", &whole[..whole.len() / 2]);
    let error = folder.error(&json!({"path": "cut.jsonl.gz"}));
    assert_eq!(
        error,
        "cannot read cut.jsonl.gz: the gzip data ends in the middle; the file was cut, copy it again"
    );

    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 0xff;
    folder.write("damaged.jsonl.gz", &damaged);
    assert!(
        folder
            .error(&json!({"path": "damaged.jsonl.gz"}))
            .starts_with("cannot read damaged.jsonl.gz: the gzip data is damaged")
    );

    let whole = zstd::encode_all(rows.as_bytes(), 1).unwrap();
    folder.write("cut.jsonl.zst", &whole[..whole.len() - 9]);
    assert!(folder.error(&json!({"path": "cut.jsonl.zst"})).contains("the zstd data ends in the middle"));

    folder.write("other.jsonl.bz2", b"BZh91AY");
    let error = folder.error(&json!({"path": "other.jsonl.bz2", "format": "jsonl"}));
    assert!(error.contains("is compressed with bzip2, which is not read"), "{error}");
}

#[test]
fn json_files_are_documents_and_selectors_lead_to_rows() {
    let folder = Folder::new();
    folder.write("a.json", "[{\"a\":1},\n {\"a\":2}]");
    folder.write("b.json.gz", gzip(b"{\"data\": {\"items\": [3, 4]}}"));
    assert_eq!(folder.rows(&json!({"path": "a.json"})), "{\"a\":1} {\"a\":2}");
    assert_eq!(folder.rows(&json!({"path": "b.json.gz", "data_selector": "data.items"})), "3 4");
    folder.write("c.jsonl", "{\"rows\": [1]}\n{\"rows\": [2, 3]}\n");
    assert_eq!(folder.rows(&json!({"path": "c.jsonl", "data_selector": "$.rows[*]"})), "1 2 3");
    folder.write("bad.json", "[{\"a\":1}\n");
    assert_eq!(
        folder.error(&json!({"path": "bad.json"})),
        "bad.json line 2 column 1: expected a comma or the end of the container"
    );
}

#[test]
fn files_without_rows_are_read_and_reported() {
    let folder = Folder::new();
    for name in ["a.jsonl", "b.json", "c.csv"] {
        folder.write(name, "");
    }
    folder.write("d.jsonl.gz", gzip(b""));
    let read = folder.read(&json!({"path": "*"}));
    assert_eq!(read.rows(), "");
    assert_eq!(read.inputs.iter().map(|input| input.rows).collect::<Vec<_>>(), [0; 4]);
}

#[test]
fn rows_keep_their_lines_over_byte_order_marks_and_windows_line_ends() {
    let folder = Folder::new();
    folder.write("a.jsonl", b"\xef\xbb\xbf{\"a\":1}\r\n\r\n{\"a\":2}\r\n");
    let read = folder.read(&json!({"path": "a.jsonl"}));
    assert_eq!(read.rows(), "{\"a\":1} {\"a\":2}");
    let lines: Vec<u64> = read.pages[0].origins().iter().map(|origin| origin.first_line).collect();
    assert_eq!((lines, &*read.pages[0].origins()[0].source), (vec![1, 3], "a.jsonl"));
}

#[test]
fn small_files_come_in_one_page_where_the_run_lets_them() {
    let folder = Folder::new();
    folder.write("a.jsonl", "1\n\n2\n");
    folder.write("b.jsonl", "");
    folder.write("c.json", "[3]");
    folder.write("d.jsonl", "4\n");
    let config = json!({"path": ["a.jsonl", "b.jsonl", "c.json", "d.jsonl"]});
    let read = |small_page_bytes| {
        let mut producer = folder.producer(&config, OnBadRow::Fail);
        let mut context = OpenContext::new(1 << 20, CancelToken::default());
        context.small_page_bytes = small_page_bytes;
        producer.open(&context).unwrap();
        let next = std::iter::from_fn(move || producer.next_page().unwrap());
        let json = next.map(|page| if let Page::Json(page) = page { page } else { panic!("rows of JSON") });
        json.collect::<Vec<_>>()
    };
    assert_eq!(read(0).len(), 4, "a page each");
    let joined = read(100);
    assert_eq!(joined.len(), 1);
    assert_eq!(joined[0].text(), b"1\n2\n3\n4\n");
    let origins: Vec<_> =
        joined[0].origins().iter().map(|origin| (&*origin.source, origin.first_line, origin.rows)).collect();
    assert_eq!(
        origins,
        [("a.jsonl", 1, 1), ("a.jsonl", 3, 1), ("c.json, counting rows", 1, 1), ("d.jsonl", 1, 1)]
    );
    assert_eq!(joined[0].source_bytes(), 10);
    assert_eq!(read(4).len(), 2, "a page that is long enough is not made longer");
}
