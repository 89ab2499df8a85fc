//! "Where things happen" in `docs/ARCHITECTURE.md`: each question of the table is answered by a file that exists.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

const PAGE: &str = "docs/ARCHITECTURE.md";
const HEADING: &str = "## Where things happen";

/// Fewer questions than the table has: finding less means that the table is not read.
const FEWEST: usize = 40;

pub(super) fn check(workspace: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(workspace.join(PAGE)).context(PAGE)?;
    let answers = answers(&text);
    let mut faults = Vec::new();
    if answers.len() < FEWEST {
        faults.push(format!("{PAGE}: {} answers below \"{HEADING}\", not {FEWEST}", answers.len()));
    }
    for (line, file) in answers {
        if !workspace.join("crates").join(file).is_file() {
            faults.push(format!("{PAGE}:{line}: there is no crates/{file}"));
        }
    }
    Ok(faults)
}

/// The files that the rows of the table name, below `crates`, with their lines.
fn answers(text: &str) -> Vec<(usize, &str)> {
    let lines = text.lines().enumerate();
    let section = lines.skip_while(|(_, line)| *line != HEADING).skip(1);
    let rows =
        section.take_while(|(_, line)| !line.starts_with("## ")).filter(|(_, line)| line.starts_with('|'));
    rows.flat_map(|(nth, line)| {
        let file = line.trim_end_matches([' ', '|']).rsplit('|').next().unwrap_or_default();
        // What is between backticks is every second part.
        file.split('`').skip(1).step_by(2).map(move |file| (nth + 1, file))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_the_last_column_are_answers_and_those_of_other_sections_are_none() {
        let text = "| a | `x.rs` |\n## Where things happen\n\n| Question | File |\n| --- | --- |\n\
            | where is `b`? | `y/src/b.rs`, `z.rs` |\n## Next\n| c | `c.rs` |\n";
        assert_eq!(answers(text), [(6, "y/src/b.rs"), (6, "z.rs")]);
    }
}
