//! SQLite as a destination.

mod conformance;
