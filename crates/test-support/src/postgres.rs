//! PostgreSQL servers for tests: the shared one that `cargo xtask services up` starts, and servers of a
//! test's own, which it may stop and start as it likes.

mod server;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

pub use server::{Server, State};

/// Environment variable that names the folder of a server instead of that of `cargo xtask services`.
const FOLDER_VARIABLE: &str = "CARTAGE_TEST_POSTGRES";

/// Where `cargo xtask services` keeps the description of its server.
pub fn shared_folder() -> PathBuf {
    if let Some(folder) = std::env::var_os(FOLDER_VARIABLE) {
        return folder.into();
    }
    services_folder().join("postgres")
}

/// Where `cargo xtask services` keeps what it makes.
pub(crate) fn services_folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target"), PathBuf::from);
    target.join("services")
}

/// The server that all tests share.
///
/// # Panics
/// If it does not answer, with the remedy.
pub fn shared() -> Server {
    match Server::open(&shared_folder()) {
        Ok(server) if server.answers() => server,
        _ => panic!("PostgreSQL does not answer: start it with `cargo xtask services up`"),
    }
}

/// A name that no other test uses, for a dataset, a role or a database.
pub fn unique(prefix: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let micros = std::time::UNIX_EPOCH.elapsed().map_or(0, |elapsed| elapsed.as_micros());
    format!("{prefix}_{micros:x}_{}_{number}", std::process::id())
}
