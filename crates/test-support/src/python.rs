//! The Python that tests compare with.

use std::path::PathBuf;

use crate::postgres::services_folder;

/// The Python that has dlt: `CARTAGE_DLT_PYTHON`, else the one of `cargo xtask services up`.
///
/// # Panics
/// Where it is not there, with the command that makes it.
pub fn dlt_python() -> PathBuf {
    // The service is made beside the sources, whatever the target folder is.
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let beside = workspace.join("target/services/dlt/bin/python");
    let made = if beside.is_file() { beside } else { services_folder().join("dlt/bin/python") };
    let python = std::env::var_os("CARTAGE_DLT_PYTHON").map_or(made, PathBuf::from);
    assert!(
        python.is_file(),
        "no {}: dlt is missing, get it with `cargo xtask services up`",
        python.display()
    );
    python
}

/// The library of a driver of ADBC, `sqlite` or `postgresql`, which stands beside that Python.
///
/// # Panics
/// Where it is not there, with the command that makes it.
pub fn adbc_driver(name: &str) -> PathBuf {
    let python = dlt_python();
    let package = format!("adbc_driver_{name}");
    let library = python.ancestors().nth(2).and_then(|environment| {
        let pythons = std::fs::read_dir(environment.join("lib")).ok()?.flatten();
        let inside = |python: std::fs::DirEntry| {
            python.path().join("site-packages").join(&package).join(format!("lib{package}.so"))
        };
        pythons.map(inside).find(|library| library.is_file())
    });
    library.unwrap_or_else(|| {
        panic!("no {package} beside {}: get it with `cargo xtask services up`", python.display())
    })
}

/// A program of an environment that `cargo xtask services up` has made from PyPI: `tap-jsonl` of the service of that name, say.
///
/// # Panics
/// Where it is not there, with the command that makes it.
pub fn service_program(service: &str, program: &str) -> PathBuf {
    let in_service = format!("{service}/bin/{program}");
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let beside = workspace.join("target/services").join(&in_service);
    let program = if beside.is_file() { beside } else { services_folder().join(in_service) };
    assert!(program.is_file(), "no {}: get it with `cargo xtask services up`", program.display());
    program.canonicalize().expect("it is there")
}
