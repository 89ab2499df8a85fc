//! A loopback API: a small real server with all the ways in which APIs page, ask for credentials and fail.

mod api;
mod auth;
mod failing;
mod github;
mod repository;
mod server;
mod tls;

pub use server::{Answer, RestServer, Seen};
pub use tls::Certificate;
