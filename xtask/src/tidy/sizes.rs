//! How large the binaries of the stages may be, without their symbols.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::tools::{binary, output};

/// Megabytes of 1,000,000 bytes: what they have, and a little. The aim is 15, 15 and 65. Whoever lets one grow
/// beyond finds out what came in (`nm --size-sort`), and whether a stage now holds something of another.
const MOST: [(&str, f64); 3] =
    [("cartage-extract", 23.0), ("cartage-normalize", 17.0), ("cartage-load", 77.0)];

/// The binaries that are too large. They must have been built.
pub(super) fn check() -> Result<Vec<String>> {
    let folder = tempfile::tempdir()?;
    let mut faults = Vec::new();
    for (name, most) in MOST {
        let stripped = folder.path().join(name);
        output(Command::new("strip").arg("-o").arg(&stripped).arg(binary(name)?))
            .context("the sizes of binaries are looked at with `strip` of binutils")?;
        let megabytes = fs::metadata(&stripped)?.len() as f64 / 1e6;
        eprintln!("{name:18} {megabytes:5.1} MB of {most}");
        if megabytes >= most {
            faults.push(format!("{name} has {megabytes:.1} MB without symbols, and {most} are too many"));
        }
    }
    Ok(faults)
}
