//! `type = "airbyte"`: connectors that speak the Airbyte protocol, as containers or as installed programs.

mod catalog;
mod dialect;
mod message;
mod rewritten_config;
mod source;

pub use source::{AIRBYTE_KEYS, airbyte};
