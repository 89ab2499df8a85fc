//! A dataset of files through its public type: a local folder, and a bucket of a real server.

mod bucket;
mod conformance;
mod local;
mod staging;
mod support;
