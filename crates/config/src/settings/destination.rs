//! `[destination.<name>]`: a name, a type and the table for the crate that implements the type.

use crate::section::Section;

/// Where to load to.
#[derive(Clone, Debug)]
pub struct DestinationSettings {
    /// The name under `[destination]`; part of the state, so that two of one type stay apart.
    pub name: String,
    /// The type, which is the name unless `type` says otherwise.
    pub kind: String,
    /// Everything else in the table.
    pub section: Section,
}
