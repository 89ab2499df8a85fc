//! What a value looks like, and how one is written.

#[cfg(test)]
use std::collections::BTreeSet;
use std::io::Write;

use super::random::Random;

const WORDS: [&str; 32] = [
    "add",
    "harbour",
    "cargo",
    "fix",
    "the",
    "crane",
    "when",
    "loading",
    "containers",
    "from",
    "ship",
    "manifest",
    "to",
    "warehouse",
    "update",
    "schema",
    "of",
    "orders",
    "and",
    "tests",
    "for",
    "parser",
    "remove",
    "unused",
    "port",
    "crate",
    "with",
    "weight",
    "checks",
    "before",
    "sailing",
    "\u{e9}tage",
];

/// What a value looks like.
#[derive(Clone, Debug)]
pub(in super::super) enum Shape {
    /// The number of the row.
    Row,
    /// A whole number below this.
    Int(u64),
    /// A number with two digits after the point, below this.
    Float(u64),
    Bool,
    /// A number of words, at least and at most.
    Text(u64, u64),
    /// One of these.
    OneOf(&'static [&'static str]),
    /// This many hexadecimal digits.
    Hash(usize),
    /// An address of a page about this many path segments deep.
    Url(u64),
    /// A moment of the year 2024.
    Time,
    Null,
    /// The value, or null in this many of 100 rows.
    Maybe(u64, Box<Shape>),
    Object(Vec<(String, Shape)>),
    /// Between a least and a greatest number of these.
    List(u64, u64, Box<Shape>),
}

/// An object with the given keys.
pub(super) fn object<const N: usize>(keys: [(&str, Shape); N]) -> Shape {
    Shape::Object(keys.into_iter().map(|(key, shape)| (key.to_owned(), shape)).collect())
}

pub(super) fn maybe(percent: u64, shape: Shape) -> Shape {
    Shape::Maybe(percent, Box::new(shape))
}

pub(super) fn list(least: u64, most: u64, shape: Shape) -> Shape {
    Shape::List(least, most, Box::new(shape))
}

impl Shape {
    /// Appends a value of this shape as JSON.
    pub(in super::super) fn write(&self, random: &mut Random, row: u64, out: &mut Vec<u8>) {
        match self {
            Self::Row => put(out, format_args!("{row}")),
            Self::Int(end) => put(out, format_args!("{}", random.below(*end))),
            Self::Float(end) => put(out, format_args!("{}.{:02}", random.below(*end), random.below(100))),
            Self::Bool => put(out, format_args!("{}", random.below(2) == 1)),
            Self::Text(least, most) => text(*least + random.below(most - least + 1), random, out),
            Self::OneOf(words) => {
                put(out, format_args!("\"{}\"", words[random.below(words.len() as u64) as usize]));
            }
            Self::Hash(digits) => hash(*digits, random, out),
            Self::Url(depth) => url(*depth, random, out),
            Self::Time => time(random, out),
            Self::Null => out.extend_from_slice(b"null"),
            Self::Maybe(percent, _) if random.below(100) < *percent => out.extend_from_slice(b"null"),
            Self::Maybe(_, shape) => shape.write(random, row, out),
            Self::Object(keys) => {
                for (nth, (key, shape)) in keys.iter().enumerate() {
                    put(out, format_args!("{}\"{key}\":", if nth == 0 { '{' } else { ',' }));
                    shape.write(random, row, out);
                }
                out.push(b'}');
            }
            Self::List(least, most, shape) => {
                out.push(b'[');
                for nth in 0..*least + random.below(most - least + 1) {
                    if nth > 0 {
                        out.push(b',');
                    }
                    shape.write(random, row, out);
                }
                out.push(b']');
            }
        }
    }

    /// Adds the columns of the table that rows of this shape go to, and the tables below it.
    #[cfg(test)]
    pub(super) fn columns(&self, path: &str, columns: &mut BTreeSet<String>, tables: &mut BTreeSet<String>) {
        let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}__{key}") };
        match self {
            Self::Object(keys) => {
                for (key, shape) in keys {
                    shape.columns(&below(key), columns, tables);
                }
            }
            Self::Maybe(_, shape) => shape.columns(path, columns, tables),
            Self::List(_, _, shape) => {
                tables.insert(path.to_owned());
                shape.columns(path, &mut BTreeSet::new(), tables);
            }
            Self::Null => {}
            _ => drop(columns.insert(path.to_owned())),
        }
    }
}

fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to memory does not fail");
}

fn text(words: u64, random: &mut Random, out: &mut Vec<u8>) {
    out.push(b'"');
    for nth in 0..words {
        if nth > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(WORDS[random.below(WORDS.len() as u64) as usize].as_bytes());
    }
    out.push(b'"');
}

fn hash(digits: usize, random: &mut Random, out: &mut Vec<u8>) {
    let mut left = digits;
    out.push(b'"');
    while left > 0 {
        let part = format!("{:016x}", random.next());
        let taken = left.min(16);
        out.extend_from_slice(&part.as_bytes()[..taken]);
        left -= taken;
    }
    out.push(b'"');
}

fn url(depth: u64, random: &mut Random, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\"https://api.example.org");
    for _ in 0..depth {
        put(out, format_args!("/{}{}", WORDS[random.below(31) as usize], random.below(10_000)));
    }
    out.push(b'"');
}

fn time(random: &mut Random, out: &mut Vec<u8>) {
    let (month, day) = (1 + random.below(12), 1 + random.below(28));
    let (hour, minute, second) = (random.below(24), random.below(60), random.below(60));
    put(out, format_args!("\"2024-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z\""));
}
