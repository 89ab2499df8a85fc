//! Exit codes of all binaries (`docs/cli.md`).

/// Everything was done.
pub const OK: u8 = 0;
/// Something failed that is none of the kinds below.
pub const FAILURE: u8 = 1;
/// Wrong arguments, or a configuration that cannot be used.
pub const USAGE: u8 = 2;
/// Jobs failed at the destination; a person must look.
pub const FAILED_JOBS: u8 = 3;
/// Data broke a contract.
pub const CONTRACT: u8 = 4;
/// A package is damaged.
pub const DAMAGED: u8 = 5;
/// Another process or machine works on the pipeline.
pub const LOCKED: u8 = 6;
