//! Extract.
fn main() {}
