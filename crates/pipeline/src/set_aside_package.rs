//! A package that was set aside, as errors tell of it.

use std::fmt;

use cartage_normalize::NormalizeError;

/// A package that was set aside.
#[derive(Debug)]
#[non_exhaustive]
pub struct SetAside {
    /// Load id of the package.
    pub load_id: String,
    /// The later packages that were set aside with it.
    pub followers: Vec<String>,
    /// The folder of the package now.
    pub path: String,
    /// Why it cannot be normalized.
    pub error: NormalizeError,
}

impl SetAside {
    /// What that means and what to do, for people.
    pub fn hint(&self) -> String {
        let Self { load_id, followers, path, .. } = self;
        let others = match followers.len() {
            0 => String::new(),
            1 => ", with the package after it, which builds on its state".to_owned(),
            count => format!(", with {count} packages after it, which build on its state"),
        };
        format!(
            "package {load_id} was set aside{others}: nothing of it was loaded, and schema, state and cursors are \
             as they were before it. Correct the file or leave it out and run again, which extracts again; the package is \
             kept in {path}"
        )
    }
}

impl fmt::Display for SetAside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for SetAside {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.error)
    }
}
