//! Whole resources against an API in the same process: what is asked, and which rows, states and errors come out.

mod api;
mod auth;
mod bodies;
mod children;
mod config_faults;
mod cursor;
mod detection;
mod failures;
mod paging;
mod paging_ends;
mod redirects;
mod resuming;
mod run;
mod settings;
mod steps;
