//! CSV as people write it: delimiters, encodings, comments, names.

use cartage_runtime::OnBadRow;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Folder, Read, gzip};

fn read(text: impl AsRef<[u8]>, csv: &Value) -> Read {
    let folder = Folder::new();
    folder.write("a.csv", text);
    folder.read(&json!({"path": "a.csv", "csv": csv}))
}

fn rows(text: impl AsRef<[u8]>, csv: &Value) -> String {
    read(text, csv).rows()
}

const TWO_ROWS: &str = r#"{"id":1,"name":"Ala"} {"id":2,"name":"Ola"}"#;

#[test]
fn delimiters_are_found_and_said() {
    for (text, said) in [
        ("id;name\n1;Ala\n2;Ola\n", "`;`"),
        ("id|name\r\n1|Ala\r\n2|Ola\r\n", "`|`"),
        ("id\tname\n1\tAla\n2\tOla\n", "tabs"),
        ("\u{feff}\"id\";\"name\"\n1;\"Ala\"\n2;Ola", "`;`"),
        ("sep=;\r\nid;name\r\n1;Ala\r\n2;Ola\r\n", "`;`"),
        ("\u{feff}\"sep=^\"\nid^name\n1^Ala\n2^Ola\n", "`^`"),
    ] {
        let read = read(text, &json!({}));
        assert_eq!(read.rows(), TWO_ROWS, "{text:?}");
        let expected = format!("fields of a.csv are separated by {said}, as the first records show");
        assert_eq!(read.warnings, [expected], "{text:?}");
        let folder = Folder::new();
        folder.write("a.csv.gz", gzip(text.as_bytes()));
        assert_eq!(folder.rows(&json!({"path": "a.csv.gz"})), TWO_ROWS, "{text:?}");
    }
    let usual = read("id,name\n1,Ala\n2,Ola\n", &json!({}));
    assert_eq!((usual.rows().as_str(), usual.warnings.len()), (TWO_ROWS, 0));
}

#[test]
fn what_the_settings_say_goes_before_what_the_file_shows() {
    assert_eq!(rows("a;b,c\n1;2,3\n", &json!({"delimiter": ","})), r#"{"a;b":"1;2","c":3}"#);
    assert_eq!(rows("sep=;\na,b\n1,2\n", &json!({"sep": ","})), r#"{"a":1,"b":2}"#);
    let folder = Folder::new();
    folder.write("a.csv", "a,b\n1,2\n");
    for csv in [json!({"delimiter": ",", "decimal": ","}), json!({"delimiter": ";", "quote": ";"})] {
        assert!(folder.refused(&json!({"path": "a.csv", "csv": csv})).contains("are both"));
    }
}

#[test]
fn a_single_column_stays_one_and_is_doubted_where_its_name_could_be_several() {
    let plain = read("text\nhello; world\nfoo\n", &json!({}));
    assert_eq!(
        (plain.rows().as_str(), plain.warnings.len()),
        (r#"{"text":"hello; world"} {"text":"foo"}"#, 0)
    );
    let odd = read("a; b\nfoo\n", &json!({}));
    assert_eq!(odd.rows(), r#"{"a; b":"foo"}"#);
    assert!(odd.warnings[0].contains("`a; b` holds `;`") && odd.warnings[0].contains("csv.delimiter"));
    let wrong = read("a;b\n1;2\n", &json!({"delimiter": "|"}));
    assert_eq!(wrong.warnings.len(), 1, "{:?}", wrong.warnings);
}

#[test]
fn decimal_commas_are_numbers_where_the_settings_say_so() {
    let text = "a;b\n1,5;-,25\n3;1.000\n";
    assert_eq!(rows(text, &json!({"decimal": ","})), r#"{"a":1.5,"b":"-,25"} {"a":3.0,"b":"1.000"}"#);
    assert_eq!(rows(text, &json!({})), r#"{"a":"1,5","b":"-,25"} {"a":"3","b":"1.000"}"#);
}

#[test]
fn lines_before_the_header_and_comments_are_passed_over_and_counted() {
    let folder = Folder::new();
    folder.write("a.csv", "Report, 2024\n\"open quote\n# note\na,b\n#x,y\n1,2\n\n # 3,4\n#end");
    let read = folder.read(&json!({"path": "a.csv", "csv": {"skip_lines": 2, "comment": "#"}}));
    assert_eq!(read.rows(), r#"{"a":"1","b":2} {"a":" # 3","b":4}"#);
    let lines: Vec<u64> = read.pages[0].origins().iter().map(|origin| origin.first_line).collect();
    assert_eq!(lines, [6, 8]);
    assert_eq!(rows("a\n1\n", &json!({"skiprows": 9})), "");
}

#[test]
fn an_empty_line_of_a_single_column_is_a_row_without_value() {
    assert_eq!(rows("\na\n1\n\n3\n\n", &json!({})), r#"{"a":1} {"a":null} {"a":3} {"a":null}"#);
    assert_eq!(rows("a\r\n\r\n1\r\n", &json!({})), r#"{"a":null} {"a":1}"#);
    assert_eq!(rows("\n1\n", &json!({"header": false})), r#"{"column_1":null} {"column_1":1}"#);
    assert_eq!(rows("\n1,2\n\n3,4\n", &json!({"header": ["a", "b"]})), r#"{"a":1,"b":2} {"a":3,"b":4}"#);
    assert_eq!(rows("a\n\n\"\"\n", &json!({"types": "text"})), r#"{"a":null} {"a":""}"#);
}

#[test]
fn line_numbers_are_right_whatever_ends_lines() {
    for end in ["\n", "\r\n", "\r"] {
        let folder = Folder::new();
        folder.write("a.csv", ["a,b", "1,2", "", "3"].join(end));
        let error = folder.error(&json!({"path": "a.csv"}));
        assert!(
            error.starts_with("a.csv line 4: the record has 1 fields where 2 are expected, between `,`"),
            "{error}"
        );
    }
}

#[test]
fn other_encodings_are_read_by_byte_order_mark_or_setting() {
    let text = "id,name\n1,Żółć 😀\n2,é\n";
    let expected = r#"{"id":1,"name":"Żółć 😀"} {"id":2,"name":"é"}"#;
    let wide =
        |text: &str, bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let marked = format!("\u{feff}{text}");
    assert_eq!(rows(&marked, &json!({})), expected);
    assert_eq!(rows(wide(&marked, u16::to_le_bytes), &json!({})), expected);
    assert_eq!(rows(wide(&marked, u16::to_be_bytes), &json!({"encoding": "utf-8"})), expected);
    assert_eq!(rows(wide(text, u16::to_le_bytes), &json!({"encoding": "utf-16"})), expected);
    assert_eq!(rows(wide(text, u16::to_be_bytes), &json!({"encoding": "UTF_16_BE"})), expected);
    let folder = Folder::new();
    folder.write("a.csv.gz", gzip(&wide(&marked, u16::to_le_bytes)));
    assert_eq!(folder.rows(&json!({"path": "a.csv.gz"})), expected);

    let french = b"nom\ncaf\xe9 \x80\n";
    for label in ["latin-1", "latin1", "iso-8859-1", "cp1252", "windows-1252"] {
        assert_eq!(rows(french, &json!({"encoding": label})), r#"{"nom":"café €"}"#, "{label}");
    }
    assert_eq!(rows(b"a\n\x93\xfa\x96{\n", &json!({"encoding": "cp932"})), r#"{"a":"日本"}"#);
}

#[test]
fn text_of_another_encoding_than_said_is_refused_with_its_line() {
    let folder = Folder::new();
    folder.write("a.csv", b"a\n1\n\x93\xfa\n\x81");
    let error = folder.error(&json!({"path": "a.csv", "csv": {"encoding": "shift_jis"}}));
    assert!(error.starts_with("a.csv line 4: the text is not Shift_JIS; set `csv.encoding`"), "{error}");
    let refused = serde_json::from_value::<cartage_sources_files::CsvConfig>(json!({"encoding": "klingon"}));
    assert!(refused.unwrap_err().to_string().contains("not a known encoding"));
}

#[test]
fn headers_that_become_one_column_are_kept_apart_or_refused() {
    let folder = Folder::new();
    folder.write("a.csv", "Id,ID,id\n1,2,3\n");
    let read = folder.read(&json!({"path": "a.csv"}));
    let row: Value = serde_json::from_str(&read.rows()).unwrap();
    let mut values: Vec<i64> = row.as_object().unwrap().values().filter_map(Value::as_i64).collect();
    values.sort_unstable();
    assert_eq!((values.as_slice(), &row["id"]), (&[1, 2, 3][..], &json!(3)));
    assert!(read.warnings[0].contains("`Id` is `id_") && read.warnings[0].contains("`csv.header = [..]`"));

    let fail = json!({"path": "a.csv", "csv": {"name_collisions": "fail"}});
    let error = folder.error(&fail);
    assert!(error.starts_with("a.csv: `Id`, `ID`, `id` would be the one column `id`"), "{error}");
    // What the message says is a way on.
    let csv = json!({"name_collisions": "fail", "header": ["x", "y", "z"], "skip_lines": 1});
    assert_eq!(folder.rows(&json!({"path": "a.csv", "csv": csv})), r#"{"x":1,"y":2,"z":3}"#);
}

/// How a table is written.
#[derive(Clone, Debug)]
struct Written {
    delimiter: char,
    quote: char,
    escapes: bool,
    end: &'static str,
    encoding: &'static str,
    skipped: usize,
    says_delimiter: bool,
}

fn written() -> impl Strategy<Value = Written> {
    (
        prop::sample::select(vec![',', ';', '\t', '|', '^']),
        prop::sample::select(vec!['"', '\'']),
        any::<bool>(),
        prop::sample::select(vec!["\n", "\r\n", "\r"]),
        prop::sample::select(vec!["utf-8", "utf-16le", "utf-16be", "windows-1252"]),
        0..3_usize,
        any::<bool>(),
    )
        .prop_map(|(delimiter, quote, escapes, end, encoding, skipped, says)| Written {
            delimiter,
            quote,
            escapes,
            end,
            encoding,
            skipped,
            says_delimiter: says || delimiter == '^',
        })
}

impl Written {
    fn field(&self, text: &str) -> String {
        let quote = self.quote.to_string();
        let inner = if self.escapes {
            text.replace('\\', "\\\\").replace(&quote, &format!("\\{quote}"))
        } else {
            text.replace(&quote, &quote.repeat(2))
        };
        format!("{quote}{inner}{quote}")
    }

    fn bytes(&self, records: &[Vec<String>]) -> Vec<u8> {
        let mut text = format!("title; x,y{}", self.end).repeat(self.skipped);
        let header = ["a", "b", "c"].map(str::to_owned).to_vec();
        for record in std::iter::once(&header).chain(records) {
            let fields: Vec<String> = record.iter().map(|field| self.field(field)).collect();
            text += &fields.join(&self.delimiter.to_string());
            text += self.end;
        }
        match self.encoding {
            "utf-16le" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            "utf-16be" => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            // The letters of the test are those of Latin-1.
            "windows-1252" => text.chars().map(|c| c as u8).collect(),
            _ => text.into_bytes(),
        }
    }

    fn settings(&self) -> Value {
        let mut csv = json!({
            "types": "text",
            "quote": self.quote.to_string(),
            "skip_lines": self.skipped,
            "encoding": self.encoding,
        });
        if self.escapes {
            csv["escape"] = json!("\\");
        }
        if self.says_delimiter {
            csv["delimiter"] = json!(self.delimiter.to_string());
        }
        csv
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn tables_come_back_equal_in_whatever_way_they_are_written(
        records in prop::collection::vec(prop::collection::vec("[a-z0-9,;|\t\"'\\\\\n\r #é]{0,8}", 3), 1..20),
        written in written(),
    ) {
        let folder = Folder::new();
        folder.write("a.csv", written.bytes(&records));
        let config = json!({"path": "a.csv", "csv": written.settings()});
        let read = folder.read_with(&config, OnBadRow::Fail).unwrap();
        let mut found: Vec<Vec<String>> = Vec::new();
        for page in &read.pages {
            for row in std::str::from_utf8(page.text()).unwrap().lines() {
                let row: Value = serde_json::from_str(row).unwrap();
                found.push(["a", "b", "c"].map(|key| row[key].as_str().unwrap().to_owned()).to_vec());
            }
        }
        prop_assert_eq!(found, records);
    }
}
