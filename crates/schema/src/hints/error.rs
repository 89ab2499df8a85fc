//! What can be wrong with the hints of a resource.

/// Hints that contradict each other or that nothing can be made of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HintsError {
    /// A name that is empty or of white space only.
    #[error("resource `{resource}`: the name of a {what} is blank")]
    Blank {
        /// Name of the resource.
        resource: String,
        /// What has no name.
        what: &'static str,
    },
    /// An option of a merge that its strategy does not have.
    #[error(
        "resource `{resource}`: `{option}` works with the merge strategies {supported} only, not with {strategy}"
    )]
    OptionOfOtherStrategy {
        /// Name of the resource.
        resource: String,
        /// Name of the option, as the user writes it.
        option: &'static str,
        /// Strategies that have it.
        supported: String,
        /// Strategy of the resource.
        strategy: String,
    },
    /// A strategy that is none of the write disposition.
    #[error("resource `{resource}`: `strategy`: {reason}")]
    Strategy {
        /// Name of the resource.
        resource: String,
        /// Which ones there are.
        reason: String,
    },
    /// A timestamp of scd2 that cannot be read.
    #[error(
        "resource `{resource}`: `{option}` is `{value}`, which is not a timestamp; write for instance 9999-12-31"
    )]
    Timestamp {
        /// Name of the resource.
        resource: String,
        /// Name of the option, as the user writes it.
        option: &'static str,
        /// What was written.
        value: String,
    },
    /// A reference to another table that is not complete.
    #[error(
        "resource `{resource}`: a reference needs `referenced_table`, and as many `columns` as `referenced_columns`"
    )]
    Reference {
        /// Name of the resource.
        resource: String,
    },
    /// A contract that cannot be read.
    #[error("resource `{resource}`: `schema_contract`: {reason}")]
    Contract {
        /// Name of the resource.
        resource: String,
        /// What is wrong with it.
        reason: String,
    },
}
