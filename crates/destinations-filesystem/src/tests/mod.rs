//! Loads into folders and into a bucket in memory, whose operations fail or are interrupted on request.

mod cloud;
mod dataset;
mod faults;
mod loads;
mod parts;
mod refusals;
mod state;
mod store;
mod two_machines;
mod values;
