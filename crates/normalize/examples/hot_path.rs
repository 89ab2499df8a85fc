//! Runs one part of the hot path over fixed rows, for `cargo xtask instructions`.
//!
//! `hot_path PART FILE...`: PART is `parse`, `flatten`, `encode` or `naming`. Everything before the part
//! happens as well, so the tool counts only inside of the functions that are named after the parts.
#![expect(clippy::print_stdout, reason = "the tool that runs it reads what it prints")]

use std::error::Error;

use cartage_normalize::measure::HotPath;
use cartage_schema::{Naming, NamingKind};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let part = arguments.next().ok_or("which part?")?;
    for file in arguments {
        let rows = std::fs::read(&file)?;
        let mut hot = HotPath::new(&rows);
        let result = match part.as_str() {
            "parse" => hot.parse(),
            "flatten" => {
                hot.flatten();
                hot.bytes()
            }
            "encode" => {
                let columns = hot.flatten();
                hot.encode(columns)?
            }
            "naming" => naming(std::str::from_utf8(&rows)?),
            other => return Err(format!("there is no part {other}").into()),
        };
        println!("{part} {file}: {result}");
    }
    Ok(())
}

/// Bytes of all words of a text as names.
#[inline(never)]
fn naming(text: &str) -> usize {
    let naming = Naming::new(NamingKind::SnakeCase, Some(63));
    text.split('"').map(|word| naming.normalize_identifier(word).len()).sum()
}
