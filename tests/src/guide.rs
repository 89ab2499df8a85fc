//! Guides that run: a page of `docs/guide/` is carried out from top to bottom in an empty folder.
//!
//! The info string behind a fence says what a block is:
//!
//! * `toml pipeline.toml`, `jsonl data/orders.jsonl`: any language and a file name, the block becomes that file;
//! * `rust crates/cartage/examples/hello.rs`: lines that stand in that file, one behind the other;
//! * `console`: lines that begin with `$ cartage` are run, and those with `$ cargo run --example NAME`, too. `# exit code 4` behind a command is the code that
//!   it must end with (0 without). Other lines are output that must appear, in any order; `...` stands for
//!   lines that are left out;
//! * `sqlite shop.sqlite`: statements that are run in that file of SQLite, which is made if it is not there;
//! * `sql shop.duckdb`: a query of that file, whose rows are those of the block `text` that follows, columns
//!   separated by ` | ` below a line of names.
//!
//! Blocks of any other kind are for the reader only.

use std::fmt::Write as _;
use std::path::Path;

use duckdb::Connection;

use crate::binaries::workspace;
use crate::harness::{Bench, Done};

/// A fenced block of a page.
#[derive(Debug)]
struct Block<'a> {
    /// Line of its fence, from 1.
    line: usize,
    language: &'a str,
    argument: &'a str,
    text: String,
}

/// Carries out a page.
///
/// # Panics
/// Where the page promises what does not happen, with file and line.
pub fn carry_out(page: &Path) {
    carry_out_with(page, &[]);
}

/// Carries out a page whose commands get these variables: a server that stands for one of the world, say.
///
/// # Panics
/// As [`carry_out`].
pub fn carry_out_with(page: &Path, env: &[(&str, String)]) {
    let markdown =
        std::fs::read_to_string(page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
    let bench = Bench::new();
    let blocks = blocks(&markdown);
    let mut did = 0;
    for (position, block) in blocks.iter().enumerate() {
        let place = format!("{}:{}", page.display(), block.line);
        match (block.language, block.argument) {
            ("console", _) => run(&bench, block, &place, env),
            ("rust", file) if !file.is_empty() => is_part_of(&workspace().join(file), &block.text, &place),
            (_, "") => continue,
            ("sqlite", database) => {
                let database = rusqlite::Connection::open(bench.path().join(database));
                let done = database.and_then(|database| database.execute_batch(&block.text));
                done.unwrap_or_else(|error| panic!("{place}: {error}"));
            }
            ("sql", database) => {
                let expected = blocks.get(position + 1).filter(|next| next.language == "text");
                let expected =
                    expected.unwrap_or_else(|| panic!("{place}: no block `text` follows the query"));
                let found = query(&bench.path().join(database), &block.text, &place);
                assert_eq!(found, expected.text, "{place}: the query gives another result");
            }
            (_, file) => drop(bench.write(file, &block.text)),
        }
        did += 1;
    }
    assert!(did > 0, "{}: nothing in it can be run", page.display());
}

/// What a page shows that is not carried out block by block.
#[derive(Debug, Default)]
pub struct ShellPage {
    /// The commands of our binaries in its blocks `sh`: line and words.
    pub commands: Vec<(usize, Vec<String>)>,
    /// The files in its other blocks: name and text.
    pub files: Vec<(String, String)>,
}

/// The commands of our binaries in the blocks `sh` of a page, and the files that it shows.
///
/// # Panics
/// If the page cannot be read.
pub fn shell_page(page: &Path) -> ShellPage {
    let markdown =
        std::fs::read_to_string(page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
    let mut shown = ShellPage::default();
    for block in blocks(&markdown) {
        if block.language != "sh" {
            if !block.argument.is_empty() {
                shown.files.push((block.argument.to_owned(), block.text));
            }
            continue;
        }
        for (nth, line) in block.text.lines().enumerate() {
            let line = line.replace("cargo run --release --bin cartage -- ", "cartage ");
            let line = line.split(" #").next().unwrap_or_default();
            if line.starts_with("cartage") {
                shown.commands.push((block.line + 1 + nth, words(line)));
            }
        }
    }
    shown
}

fn blocks(markdown: &str) -> Vec<Block<'_>> {
    let mut found: Vec<Block<'_>> = Vec::new();
    let mut is_open = false;
    for (number, line) in markdown.lines().enumerate() {
        match line.strip_prefix("```") {
            Some(_) if is_open => is_open = false,
            Some(info) => {
                let (language, argument) = info.split_once(' ').unwrap_or((info, ""));
                found.push(Block { line: number + 1, language, argument, text: String::new() });
                is_open = true;
            }
            None if is_open => {
                let block = found.last_mut().expect("a block is open");
                block.text.push_str(line);
                block.text.push('\n');
            }
            None => {}
        }
    }
    found
}

fn run(bench: &Bench, block: &Block<'_>, place: &str, env: &[(&str, String)]) {
    let mut output = String::new();
    for line in block.text.lines() {
        let Some(command) = line.strip_prefix("$ ") else {
            assert!(line == "..." || output.contains(line.trim()), "{place}: {line:?} is not in\n{output}");
            continue;
        };
        let (command, code) = match command.split_once("  # exit code ") {
            Some((command, code)) => (command, code.parse().expect("an exit code")),
            None => (command, 0),
        };
        let words = words(command);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let done = match words.as_slice() {
            ["cartage", args @ ..] => {
                let mut process = bench.command("cartage", args);
                Done::of(&process.envs(env.iter().cloned()).output().expect("cartage starts"))
            }
            ["cargo", "run", "--example", name] => bench.example(name),
            _ => panic!("{place}: only cartage and its examples are run"),
        };
        output = format!("{}{}", done.stdout, done.stderr);
        assert_eq!(done.code, Some(code), "{place}: {command}\n{output}");
    }
}

/// Checks that the lines of a block stand in a file, one behind the other, whatever their indentation.
fn is_part_of(file: &Path, text: &str, place: &str) {
    let whole =
        std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{place}: {}: {error}", file.display()));
    let lines = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
    };
    let (part, whole) = (lines(text), lines(&whole));
    let found = whole.windows(part.len()).any(|window| window == part.as_slice());
    assert!(found, "{place}: these lines do not stand in {}", file.display());
}

/// Words of a command line, in single quotes where they hold spaces.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for character in command.chars() {
        match character {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            _ => words.last_mut().expect("there is one").push(character),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn query(database: &Path, sql: &str, place: &str) -> String {
    let database = Connection::open(database).unwrap_or_else(|error| panic!("{place}: {error}"));
    let sql = sql.trim().trim_end_matches(';');
    let text = format!("SELECT COLUMNS(*)::VARCHAR FROM ({sql})");
    let mut statement = database.prepare(&text).unwrap_or_else(|error| panic!("{place}: {error}"));
    let mut rows = statement.query([]).unwrap_or_else(|error| panic!("{place}: {error}"));
    let names = rows.as_ref().expect("a statement").column_names();
    let mut table = names.join(" | ") + "\n";
    while let Some(row) = rows.next().unwrap_or_else(|error| panic!("{place}: {error}")) {
        let cells = (0..names.len()).map(|column| row.get::<_, Option<String>>(column).expect("text"));
        let cells: Vec<String> = cells.map(|cell| cell.unwrap_or_else(|| "NULL".to_owned())).collect();
        writeln!(table, "{}", cells.join(" | ")).expect("a string takes it");
    }
    table
}
