//! Resources over real sockets: what only the network itself can do. All else is tested in `src/tests`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod network;
mod replay;
