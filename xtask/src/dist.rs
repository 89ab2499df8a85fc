//! `cargo xtask dist`: the binaries of the stages as one copies them into containers, small and without symbols.
//!
//! Why they are built in another way than everything else stands in `docs/decisions/0023`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::tools::{binary, cargo, output, run as run_command, target};

/// What the binaries may have, in megabytes of 1,000,000 bytes. If one grows beyond, find out what came in
/// (`nm --size-sort`), and whether a stage now holds something of another.
const MOST: [(&str, f64); 3] =
    [("cartage-extract", 25.0), ("cartage-normalize", 14.0), ("cartage-load", 74.0)];

/// Part of the names of DuckDB's functions.
const DUCKDB: &[u8] = b"duckdb_register_table_";

/// Functions with equal code become one: of generic code there is much.
const FOLD_FUNCTIONS: &str = "link-arg=-Wl,--icf=all";

/// A tenth of the bytes tell where the program was moved to. glibc reads their short form since this version, and the
/// program asks for it then.
const SHORT_RELOCATIONS: &str = "link-arg=-Wl,-z,pack-relative-relocs";
const GLIBC_WITH_SHORT_RELOCATIONS: (u32, u32) = (2, 36);

/// Arguments of `dist`.
#[derive(Default, clap::Args)]
pub(crate) struct Args {
    /// Where the binaries go; `dist` in the target folder where absent.
    #[arg(long)]
    output: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let folder = args.output.clone().unwrap_or_else(|| target().join("dist"));
    let faults = build(&folder)?;
    if !faults.is_empty() {
        bail!("{}", faults.join("; "));
    }
    try_out(&folder)
}

/// Builds the binaries into a folder, and tells which are too large.
fn build(folder: &Path) -> Result<Vec<String>> {
    let linking = link_arguments();
    let options: Vec<&str> = linking.iter().flat_map(|option| ["-C", option]).collect();
    let light = ["build", "--profile", "stage", "--package", "cartage-cli", "--bins"];
    let given = std::env::var("RUSTFLAGS").unwrap_or_default();
    let flags = format!("{given} {}", options.join(" "));
    run_command(cargo().args(light).env("RUSTFLAGS", flags.trim()))?;
    // DuckDB is compiled once, so for the release profile; only this last step is another one.
    let load = ["rustc", "--release", "--package", "cartage", "--bin", "cartage-load", "--"];
    run_command(cargo().args(load).args(options))?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut faults = Vec::new();
    // What is asked for holds where everything that makes binaries smaller can be had.
    let allowance = if linking.contains(&SHORT_RELOCATIONS) { 1.0 } else { 1.15 };
    for (name, most) in MOST.map(|(name, most)| (name, most * allowance)) {
        let built = match name {
            "cartage-load" => binary(name)?,
            _ => target().join("stage").join(name),
        };
        let stripped = folder.join(name);
        output(Command::new("strip").arg("-o").arg(&stripped).arg(&built))
            .context("symbols are taken away with `strip` of binutils")?;
        let holds_duckdb = fs::read(&built)?.windows(DUCKDB.len()).any(|bytes| bytes == DUCKDB);
        if holds_duckdb && name != "cartage-load" {
            faults.push(format!("{name} has symbols of DuckDB"));
        }
        let megabytes = fs::metadata(&stripped)?.len() as f64 / 1e6;
        eprintln!("{megabytes:5.1} MB  {}", stripped.display());
        if megabytes >= most {
            faults.push(format!("{name} has {megabytes:.1} MB without symbols, and {most:.1} are too many"));
        }
    }
    Ok(faults)
}

/// Runs the stages one after the other with the binaries of a folder: they are built in another way than those that
/// the tests run.
fn try_out(folder: &Path) -> Result<()> {
    let place = tempfile::tempdir()?;
    let pipeline = place.path().join("pipeline.toml");
    fs::write(&pipeline, PIPELINE)?;
    fs::write(place.path().join("orders.jsonl"), "{\"id\": 1, \"lines\": [{\"sku\": \"a\"}]}\n")?;
    for (stage, _) in MOST {
        let mut command = Command::new(folder.join(stage));
        output(command.arg(&pipeline).env("CARTAGE_DATA_DIR", place.path().join("data")))?;
    }
    if !place.path().join("orders.duckdb").is_file() {
        bail!("the binaries in {} ran and loaded nothing", folder.display());
    }
    Ok(())
}

const PIPELINE: &str = r#"
[pipeline]
name = "orders"
destination = "duckdb"

[destination.duckdb]
path = "orders.duckdb"

[sources.shop]
type = "files"

[[sources.shop.resources]]
name = "orders"
path = "orders.jsonl"
"#;

/// What the linker is asked for. Only what every linker of the target understands, or nothing.
fn link_arguments() -> Vec<&'static str> {
    // Here rustc brings its own linker, LLD.
    if !cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")) {
        return Vec::new();
    }
    let mut arguments = vec![FOLD_FUNCTIONS];
    if glibc().is_some_and(|version| version >= GLIBC_WITH_SHORT_RELOCATIONS) {
        arguments.push(SHORT_RELOCATIONS);
    } else {
        eprintln!(
            "the C library of this machine does not know short relocations: binaries are a tenth larger"
        );
    }
    arguments
}

/// The version of the C library of this machine.
fn glibc() -> Option<(u32, u32)> {
    let text = output(Command::new("getconf").arg("GNU_LIBC_VERSION")).ok()?;
    let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
