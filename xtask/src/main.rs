//! The tool of the workshop.
fn main() {}
