//! Normalize.
fn main() {}
