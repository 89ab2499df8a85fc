//! Default rotation of files: how many rows and bytes a file of a package has at most where no setting says so.
//!
//! Extract and normalize share it. For normalize a destination may recommend another size in bytes.

/// Rows of a file.
pub const DEFAULT_FILE_ROWS: u64 = 1_000_000;

/// Bytes of a file before compression: 64 MiB.
pub const DEFAULT_FILE_BYTES: u64 = 64 << 20;
