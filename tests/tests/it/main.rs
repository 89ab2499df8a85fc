//! End-to-end tests of the real binaries.

mod oracle;
