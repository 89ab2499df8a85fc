//! MariaDB servers for tests: the shared one that `cargo xtask services up` starts, and servers of a test's own, which
//! it may stop and start as it likes.

mod server;

use std::path::PathBuf;

pub use server::{Server, State, is_installed};

/// Environment variable that names the folder of a server instead of that of `cargo xtask services`.
const FOLDER_VARIABLE: &str = "CARTAGE_TEST_MARIADB";

/// Where `cargo xtask services` keeps the description of its server.
pub fn shared_folder() -> PathBuf {
    std::env::var_os(FOLDER_VARIABLE)
        .map_or_else(|| crate::postgres::services_folder().join("mariadb"), PathBuf::from)
}

/// The server that all tests share.
///
/// # Panics
/// If it does not answer, with the remedy.
pub fn shared() -> Server {
    let server = Server::open(&shared_folder()).ok().filter(Server::answers);
    server.expect("MariaDB does not answer: start it with `cargo xtask services up`")
}
