//! Settings of the stage, and what it takes where the package does not know what the destination wants.

/// Digits, and digits after the point among them, of a `decimal` without hints: those of dlt, whatever the
/// destination.
pub(crate) const DECIMAL_PRECISION: (u32, u32) = (38, 9);

/// The same of a `wei`.
pub(crate) const WEI_PRECISION: (u32, u32) = (38, 0);

/// Digits of the fraction of a second in a `timestamp` without hints: those of dlt, whatever the destination.
pub(crate) const TIMESTAMP_PRECISION: u32 = 6;

/// How much memory the stage may take, and how deep a row may be. The bytes of the output depend on `row_group_*`
/// and `buffer_bytes` too, so runs that are to be compared must share them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NormalizeSettings {
    /// Rows with which a row group is written.
    pub row_group_rows: usize,
    /// Bytes in memory with which a row group is written.
    pub row_group_bytes: usize,
    /// Bytes of all tables together with which the largest row group is written.
    pub buffer_bytes: usize,
    /// Levels of lists and objects in a row of JSON; deeper rows are bad rows.
    pub max_json_depth: usize,
}

impl Default for NormalizeSettings {
    fn default() -> Self {
        Self {
            row_group_rows: 122_880,
            row_group_bytes: 24 << 20,
            buffer_bytes: 40 << 20,
            max_json_depth: 256,
        }
    }
}
