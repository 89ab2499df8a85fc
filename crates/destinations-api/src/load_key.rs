//! Which load: the name by which ledgers, plans and errors know it.

/// Names a load everywhere: pipelines that share a dataset may use the same load id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LoadKey {
    /// The pipeline whose package is loaded.
    pub pipeline: String,
    /// Name of the package's schema.
    pub schema: String,
    /// Load id of the package.
    pub load_id: String,
}
