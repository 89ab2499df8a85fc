//! What `cargo xtask services up` has made for the tests.

use std::path::PathBuf;

use crate::binaries::workspace;

/// The Python that has dlt: `CARTAGE_DLT_PYTHON`, else the one of `cargo xtask services up`.
///
/// # Panics
/// Where it is not there, with the command that makes it.
pub fn dlt_python() -> PathBuf {
    let given = std::env::var_os("CARTAGE_DLT_PYTHON").map(PathBuf::from);
    let python = given.unwrap_or_else(|| workspace().join("target/services/dlt/bin/python"));
    assert!(
        python.is_file(),
        "no {}: dlt is missing, get it with `cargo xtask services up`",
        python.display()
    );
    python
}
