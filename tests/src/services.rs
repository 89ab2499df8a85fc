//! What `cargo xtask services up` has made for the tests.

pub use cartage_test_support::{dlt_python, service_program};
