//! Programs as sources through the real binary: killed and interrupted at any moment, real taps and connectors beside
//! programs of these tests, and dlt's own results.

mod ended;
mod killed;
mod python;
mod taps;

use std::fmt;

use cartage_tests::harness::Bench;

/// Rows between two checkpoints of the programs in `programs/*.py`.
const CHUNK: i64 = 1000;

/// A program of these tests, one for each kind of source.
#[derive(Clone, Copy, Debug)]
enum Program {
    /// Speaks the protocol; what it promises, and how many rows before a checkpoint come again.
    Protocol { resume: &'static str, again: i64 },
    /// A tap, whose last row comes again where rows have a key.
    Singer,
    /// A connector.
    Airbyte,
    /// The function with this name.
    Python(&'static str),
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Program {
    /// Writes the program and a pipeline file that loads `items` in packages of two chunks.
    fn write(self, bench: &Bench, disposition: &str) {
        let files = [
            ("common.py", include_str!("programs/common.py")),
            ("protocol.py", include_str!("programs/protocol.py")),
            ("tap.py", include_str!("programs/tap.py")),
            ("connector.py", include_str!("programs/connector.py")),
            ("feed.py", include_str!("programs/feed.py")),
        ];
        for (name, text) in files {
            bench.write(name, text);
        }
        let is_merged = disposition == "merge";
        let hints = if is_merged { "write_disposition = \"merge\", primary_key = \"id\"" } else { "" };
        let source = match self {
            Self::Protocol { resume, again } => format!(
                "type = \"process\"\noutput = \"protocol\"\ncommand = [\"python3\", \"protocol.py\"]\n\
                 config = {{ hints = {{ {hints} }}, resume = \"{resume}\", again = {again} }}\n"
            ),
            Self::Singer => format!(
                "type = \"singer\"\ncommand = [\"python3\", \"tap.py\"]\nconfig = {{ key = {} }}\n",
                if is_merged { "[\"id\"]" } else { "[]" }
            ),
            Self::Airbyte => format!(
                "type = \"airbyte\"\ncommand = [\"python3\", \"connector.py\"]\nconfig = {{ key = {} }}\n",
                if is_merged { "[[\"id\"]]" } else { "[]" }
            ),
            Self::Python(function) => {
                let hints = hints.replace(", ", "\n");
                format!(
                    "type = \"python\"\nsource = \"feed.py:{function}\"\n\n[[sources.test.resources]]\n\
                     name = \"{function}\"\ntable_name = \"items\"\n{hints}\n"
                )
            }
        };
        bench.write(
            "pipeline.toml",
            format!(
                "[pipeline]\nname = \"test\"\ndataset_name = \"data\"\ndestination = \"duckdb\"\n\n\
                 [destination.duckdb]\npath = \"out.duckdb\"\n\n[extract]\npackage_max_rows = {}\n\n\
                 [sources.test]\n{source}",
                CHUNK + 1
            ),
        );
    }
}

/// Says how many chunks there are.
fn there_are(bench: &Bench, chunks: i64) {
    bench.write("last", (chunks * CHUNK).to_string());
}

/// Asserts that the rows of this many chunks are there, each of them once.
#[track_caller]
fn has_each_row_once(bench: &Bench, chunks: i64, when: &str) {
    let rows = chunks * CHUNK;
    for (table, wanted) in [("items", rows), ("items__list", rows * 2)] {
        assert_eq!(bench.number(&format!("SELECT count(*) FROM data.{table}")), wanted, "{table}: {when}");
    }
    let ids = "SELECT count(DISTINCT id) FROM data.items WHERE id >= 0";
    assert_eq!(bench.number(ids), rows, "{when}");
    assert_eq!(bench.number("SELECT max(id) + 1 FROM data.items"), rows, "{when}");
}
