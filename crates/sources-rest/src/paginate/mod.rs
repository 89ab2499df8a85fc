//! From one answer to the next request.

mod detect;
mod links;
mod pager;
mod position;
mod shape;

pub(crate) use detect::{detect_paginator, detect_selector};
pub(crate) use pager::{Pager, Seen};
pub(crate) use position::{At, POSITION, Position};
pub(crate) use shape::Shape;
