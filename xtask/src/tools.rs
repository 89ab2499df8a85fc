//! Small things that all commands need: where we are, and how to run a program.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The folder of the workspace. `cargo run` says which one it is: a target folder that checkouts share may hold
/// the program as another of them compiled it.
pub(crate) fn workspace() -> PathBuf {
    let crate_folder = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or(env!("CARGO_MANIFEST_DIR").into());
    PathBuf::from(crate_folder).parent().expect("xtask is a folder of the workspace").to_owned()
}

/// Cargo's target folder, which may be shared by several checkouts.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from)
}

/// A binary of this workspace in the release profile.
pub(crate) fn binary(name: &str) -> Result<PathBuf> {
    let path = target().join("release").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if !path.is_file() {
        bail!("no {}: build it with `cargo build --release --workspace`", path.display());
    }
    Ok(path)
}

/// A cargo command in the workspace.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace());
    command
}

/// Builds what there is and runs one of the binaries, for the commands that need DuckDB and are part of the tests.
pub(crate) fn run_tool(name: &str, arguments: &[String]) -> Result<()> {
    run(cargo().args(["build", "--quiet", "--release", "--workspace"]))?;
    run(Command::new(binary(name)?).args(arguments))
}

/// Runs a command and fails where it does.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status =
        command.status().with_context(|| format!("cannot start {}", command.get_program().display()))?;
    if !status.success() {
        bail!("`{}` ended with {status}", shown(command));
    }
    Ok(())
}

/// Runs a command and gives what it writes to standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output =
        command.output().with_context(|| format!("cannot start {}", command.get_program().display()))?;
    if !output.status.success() {
        bail!(
            "`{}` ended with {}: {}",
            shown(command),
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
