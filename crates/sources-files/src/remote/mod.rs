//! Objects in buckets and at web addresses: found by patterns, read ahead and in order.

mod ahead;
mod bucket;
mod clients;
mod failure;
mod fetch;
mod object;
mod pattern;
mod reader;
mod web;

pub(crate) use ahead::Ahead;
pub(crate) use clients::{Clients, is_remote};
pub(crate) use object::Object;
pub(crate) use reader::ObjectReader;
