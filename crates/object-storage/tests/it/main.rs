//! Clients of buckets, as the environment and settings make them.

mod variables;
