//! The source protocol of `docs/source-protocol.md`.

mod columns;
mod dialect;
mod frame;
mod opening;
mod typed_rows;

pub(crate) use opening::{Opened, Opening, open};
