//! How sections and keys are named in the environment.

/// How a section or key is spelled in the tree of the environment.
pub(crate) fn spelled(key: &str) -> String {
    key.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}

/// The variable that sets the value at a dotted path, for error messages.
pub fn variable_of(path: &str) -> String {
    path.split('.').map(|part| spelled(part).to_uppercase()).collect::<Vec<_>>().join("__")
}
