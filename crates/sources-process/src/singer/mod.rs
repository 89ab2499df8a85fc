//! `type = "singer"`: taps that write messages of the Singer specification.

mod batch;
mod catalog;
mod dialect;
mod known_state;
mod message;
mod source;

pub use source::{SINGER_KEYS, singer};
