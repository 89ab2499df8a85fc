//! Tests of the package store through its public types.
#![expect(clippy::unwrap_used, reason = "clippy allows it in test functions, but not in their helpers")]

mod cuts;
mod damage;
mod documents;
mod golden;
mod handoff;
mod lifecycle;
mod locks;
mod model;
mod observe;
