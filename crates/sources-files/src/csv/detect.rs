//! Which character stands between the fields of a file that nobody has said anything about.
//!
//! The first records are cut by each candidate. One that gives the header several fields and most records as many is
//! possible; of several the one wins whose fields hold least of the others. So neither commas in texts nor decimal
//! commas make a file of semicolons one of commas, and a column of sentences stays one column.

use std::sync::Arc;

use cartage_source_api::SourceError;

use super::records::{Dialect, Record, Records};
use super::settings::{CsvConfig, CsvHeader};
use super::text::Text;

/// What may stand between fields, the usual one first.
pub(super) const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How much of a file is looked at.
const SAMPLE_BYTES: usize = 64 << 10;
const SAMPLE_RECORDS: usize = 500;

/// Which part of the records must have as many fields as the header.
const MOST: f64 = 0.5;

/// The character of a first line `sep=;`, which spreadsheets write and read. It is not a header.
pub(super) fn sep_line(line: &[u8]) -> Option<u8> {
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    match line {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', separator] if separator.is_ascii() => Some(*separator),
        _ => None,
    }
}

/// The delimiter of a file that begins with `text`; `usual` where nothing speaks for another one.
pub(super) fn delimiter(text: &[u8], is_whole: bool, config: &CsvConfig, usual: u8) -> u8 {
    let sample = Sample {
        text: &text[..text.len().min(SAMPLE_BYTES)],
        is_whole: is_whole && text.len() <= SAMPLE_BYTES,
        config,
    };
    let marks = [config.quote, config.escape, config.comment, Some(config.decimal)];
    let may_be = |mark: &u8| *mark == usual || CANDIDATES.contains(mark) && !marks.contains(&Some(*mark));
    let others = CANDIDATES.into_iter().filter(|mark| *mark != usual);
    let candidates: Vec<u8> = std::iter::once(usual).chain(others).filter(may_be).collect();
    // The usual case: a header with the usual character only, or with none at all.
    if config.header == CsvHeader::First {
        let header = sample.records(usual, 1).pop().map(|record| record.raw()).unwrap_or_default();
        if !candidates[1..].iter().any(|mark| header.as_bytes().contains(mark)) {
            return usual;
        }
    }
    let scored = candidates.iter().filter_map(|mark| Some((*mark, sample.score(*mark)?)));
    let best = scored.reduce(|best, other| if other.1 > best.1 { other } else { best });
    best.map_or(usual, |(mark, _)| mark)
}

/// The beginning of a file.
struct Sample<'a> {
    text: &'a [u8],
    is_whole: bool,
    config: &'a CsvConfig,
}

impl Sample<'_> {
    /// How well records look that are cut by `mark`, at most 1; `None` where it does not stand between fields.
    fn score(&self, mark: u8) -> Option<f64> {
        let records = self.records(mark, SAMPLE_RECORDS);
        let first = records.first()?;
        let width = match &self.config.header {
            CsvHeader::Names(names) => names.len(),
            CsvHeader::First | CsvHeader::Absent => first.len(),
        };
        if width < 2 {
            return None;
        }
        let alike = records.iter().filter(|record| record.len() == width).count();
        let has_header = self.config.header == CsvHeader::First;
        let others = records.len() - usize::from(has_header);
        let share = match others {
            0 => 1.0,
            others => (alike - usize::from(has_header)) as f64 / others as f64,
        };
        // Between the words of a sentence a blank follows, and only what does so in each record is a delimiter.
        let is_tight = first.fields().skip(1).any(|(range, _)| first.bytes_of(range).first() != Some(&b' '));
        let least = if is_tight { MOST } else { 1.0 };
        if share < least || !is_tight && others == 0 {
            return None;
        }
        let fields = || {
            records.iter().filter(|record| record.len() == width).flat_map(|record| {
                record
                    .fields()
                    .map(move |(range, is_quoted)| is_quoted || is_one_value(record.bytes_of(range), mark))
            })
        };
        let whole = fields().filter(|is_whole| *is_whole).count();
        Some(share * whole as f64 / fields().count().max(1) as f64)
    }

    /// The first records; without the last one if it may be cut.
    fn records(&self, mark: u8, most: usize) -> Vec<Record> {
        let text = Text::of_bytes(self.text, Arc::from(""));
        let mut reader = Records::new(text, Dialect::new(self.config, mark), usize::MAX);
        let mut records = Vec::new();
        let mut next = || -> Result<Option<Record>, SourceError> {
            let mut record = Record::default();
            Ok(reader.read(&mut record)?.then_some(record))
        };
        while records.len() < most {
            match next() {
                Ok(Some(record)) => records.push(record),
                Ok(None) => {
                    if !self.is_whole && records.len() > 1 {
                        records.pop();
                    }
                    break;
                }
                // A quote that is closed behind the sample.
                Err(_) => break,
            }
        }
        records
    }
}

/// Whether a field between `mark`s holds no other mark, but for those of texts and numbers.
fn is_one_value(field: &[u8], mark: u8) -> bool {
    let is_number =
        || field.iter().all(|byte| matches!(byte, b'0'..=b'9' | b',' | b'.' | b'-' | b'+' | b' '));
    let is_mark = |at: usize| field[at] != mark && CANDIDATES.contains(&field[at]);
    let is_of_text = |at: usize| matches!(field.get(at + 1), None | Some(b' ')) && field[at] != b'\t';
    let cut = (0..field.len()).any(|at| is_mark(at) && !is_of_text(at));
    !cut || mark != b',' && is_number()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> char {
        found_with(text, &CsvConfig::default())
    }

    fn found_with(text: &str, config: &CsvConfig) -> char {
        char::from(delimiter(text.as_bytes(), true, config, b','))
    }

    #[test]
    fn the_mark_that_cuts_header_and_records_alike_is_the_delimiter() {
        for (text, mark) in [
            ("id,name\n1,Ala\n", ','),
            ("id;name;city\n1;Ala;Rom\n2;Ola;Kyiv\n", ';'),
            ("id\tname\n1\tAla\n", '\t'),
            ("id|name\r\n1|Ala\r\n", '|'),
            ("\"id\";\"name\"\n\"1\";\"a;b\"\n", ';'),
            ("id;name\n", ';'),
            ("id\n1\n2\n", ','),
            ("", ','),
            ("\n\n", ','),
        ] {
            assert_eq!(found(text), mark, "{text:?}");
        }
    }

    #[test]
    fn commas_in_texts_and_numbers_of_a_semicolon_file_do_not_count() {
        for text in [
            "name;city\nAla;Rom, Italy\nOla;Kyiv, Ukraine\n",
            "name;city, country\nAla;Rom, Italy\nOla;Kyiv, Ukraine\n",
            "a;b\n1,5;2,5\n3,5;4,5\n",
            "x,y;z\n1,5;2\n3,5;4\n",
        ] {
            assert_eq!(found(text), ';', "{text:?}");
        }
        let absent = CsvConfig { header: CsvHeader::Absent, ..CsvConfig::default() };
        assert_eq!(found_with("1,5;2,5\n3,5;4,5\n", &absent), ';');
        assert_eq!(found_with("1,5\n2,5\n", &CsvConfig { decimal: b',', ..absent.clone() }), ',');
        assert_eq!(found_with("1,a;b\n2,c;d\n", &absent), ',');
    }

    #[test]
    fn other_marks_inside_of_a_comma_file_do_not_count() {
        for text in [
            "id,tags\n1,a;b\n2,c;d\n",
            "id,name;alias\n1,x;y\n2,z;w\n",
            "\"a;b\",c\n1,2\n",
            "text\nhello; world\nfoo\n",
            "comment; free text\nfoo; bar\nbaz\n",
            "notes; remarks\n",
        ] {
            assert_eq!(found(text), ',', "{text:?}");
        }
    }

    #[test]
    fn a_ragged_record_does_not_hide_the_delimiter() {
        assert_eq!(found("a;b;c\n1;2;3\n4;5\n6;7;8\n"), ';');
    }

    #[test]
    fn only_one_character_behind_sep_is_a_delimiter() {
        assert_eq!(sep_line(b"sep=;"), Some(b';'));
        assert_eq!(sep_line(b"\"SEP=\t\""), Some(b'\t'));
        assert_eq!(sep_line(b"sep=,,"), None);
        assert_eq!(sep_line(b"separator=;"), None);
        assert_eq!(sep_line(b"sep="), None);
    }
}
