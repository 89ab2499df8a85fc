//! Pages that go elsewhere than to the table of their resource.

use cartage_schema::hints::ResourceHints;

/// Where the rows of a page go instead of to the table of their resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Route {
    /// Name of the table, before it is normalized; that of the resource where absent.
    pub table: Option<String>,
    /// Hints of the table instead of those of the resource. Without, the table has those of the last page that
    /// had some for it, else those of the resource.
    pub hints: Option<ResourceHints>,
}

/// How far the pages of a producer may go. It decides where packages may end, and what a run after an interrupted
/// one does again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum RouteScope {
    /// All go to the table of the resource.
    #[default]
    OwnTable,
    /// They go to any table, all with the hints of the resource.
    OtherTables,
    /// They bring hints of their own, also such as change what a load does.
    OtherHints,
}
