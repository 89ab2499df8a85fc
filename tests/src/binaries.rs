//! Finds the binaries that were built beside the tests.

use std::path::PathBuf;

/// The path of a binary of this workspace: in `CARTAGE_BIN_DIR`, else in the folder where the running
/// test (or the binary `oracle`) was built.
///
/// # Panics
/// Where the binary is not there, with the command that builds it.
pub fn binary(name: &str) -> PathBuf {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let path = folder().join(file);
    assert!(path.is_file(), "no {}: build it with `cargo build --release --workspace`", path.display());
    path
}

/// The path of an example of the crate `cartage`.
///
/// # Panics
/// Where it is not there, with the command that builds it.
pub fn example(name: &str) -> PathBuf {
    let path = folder().join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.is_file(),
        "no {}: build it with `cargo build --release --workspace --all-targets`",
        path.display()
    );
    path
}

fn folder() -> PathBuf {
    if let Some(folder) = std::env::var_os("CARTAGE_BIN_DIR") {
        return PathBuf::from(folder);
    }
    let running = std::env::current_exe().expect("a running program has a path");
    let folder = running.parent().expect("a file has a folder");
    // Tests are in `<profile>/deps`, binaries in `<profile>`.
    let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
    folder.to_owned()
}

/// The folder of the workspace, where `fixtures/` is.
pub fn workspace() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests are in a folder of the workspace")
        .to_owned()
}
