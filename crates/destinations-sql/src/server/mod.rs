//! What engines have in common that speak with a server: settings, connections that are kept, and
//! the right to load.

mod config;
mod lock;
mod pool;

use std::fmt;

use cartage_destinations_api::Result;

use crate::engine::SqlSession;

pub use config::{Config, Keys, ServerKeys};
pub use lock::LoadLock;
pub use pool::{Pool, Pooled};

/// A server, and who connects to it.
pub trait Server: fmt::Debug + Send + Sync {
    /// A connection.
    type Session: ServerSession;

    /// A new connection.
    ///
    /// # Errors
    /// Invalid if the server lets nobody in with these credentials, transient if it cannot be reached now.
    fn connect(&self) -> Result<Self::Session>;
}

/// A connection to a server, whose locks end with it.
pub trait ServerSession: SqlSession + fmt::Debug + Send {
    /// What somebody can do about a lock whose process is gone.
    const FREES_LOCKS: &'static str;

    /// Whether nothing is left of what the connection was used for, so that somebody else may use it.
    fn is_clean(&self) -> bool;

    /// Whether the other side is still there, as far as that is known here.
    fn answers(&self) -> bool;

    /// Takes a lock unless somebody else has it. `broke` says that we had it, on a connection that broke, which the
    /// server may not have noticed yet.
    ///
    /// # Errors
    /// See [`SqlSession::query`].
    fn try_lock(&self, name: &str, broke: bool) -> Result<bool>;

    /// Gives a lock up. Where that cannot be done, it ends with the connection.
    fn unlock(&self, name: &str);

    /// Who has a lock, as far as the server tells: words for people, or nothing.
    ///
    /// # Errors
    /// See [`SqlSession::query`].
    fn holder(&self, name: &str) -> Result<String>;
}
