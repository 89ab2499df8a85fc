//! Building the targets: with counters in all code, but not in what only runs while building.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::folder;
use crate::tools::{cargo, output, run, workspace};

/// What libFuzzer needs to see where an input leads: a counter for each edge, and the values that are compared.
const COUNTERS: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    // Counters of functions that the linker leaves out would remain otherwise.
    "-Ccodegen-units=1",
];

/// Builds targets and gives the folder that they are in.
pub(super) fn targets(names: &[&str]) -> Result<PathBuf> {
    if !cfg!(target_os = "linux") {
        bail!("the targets are built and run on Linux only");
    }
    let host = host()?;
    let mut command = cargo();
    command.current_dir(workspace().join("fuzz"));
    // With a target, build scripts and macros of procedures are compiled without counters.
    command.args(["build", "--release", "--locked", "--target", &host]);
    command.args(names.iter().flat_map(|name| ["--bin", name]));
    command.env("CARGO_TARGET_DIR", folder().join("build")).env("RUSTFLAGS", COUNTERS.join(" "));
    command.env_remove("CARGO_ENCODED_RUSTFLAGS");
    run(&mut command)?;
    Ok(folder().join("build").join(host).join("release"))
}

/// The machine as the compiler calls it.
fn host() -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = output(Command::new(rustc).arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("the compiler does not say which machine this is")
}
