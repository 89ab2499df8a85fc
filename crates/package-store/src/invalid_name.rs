//! Texts that cannot name a folder, a file or a package.

/// A name that cannot be part of a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} {name:?} {problem}")]
pub struct InvalidName {
    /// The kind of name.
    pub what: &'static str,
    /// The name as it was given.
    pub name: String,
    /// What is wrong with it.
    pub problem: &'static str,
}
