//! The protocol that the drivers of Snowflake speak: JSON over HTTP, with sessions.
//!
//! | what | where |
//! |---|---|
//! | requests, and which of them are sent again | `http.rs` |
//! | the forms of answers | `protocol.rs` |
//! | logins, renewed tokens, signs of life | `login.rs` |
//! | statements with parameters, also long ones | `query.rs` |
//! | rows of answers, from JSON and Arrow | `rows.rs` |
//! | what can go wrong | `failure.rs` |

mod failure;
mod http;
mod login;
mod protocol;
mod query;
mod rows;

pub(crate) use failure::Failure;
pub(crate) use http::Http;
pub(crate) use login::{Identity, LoginRequest, close, heartbeat, log_in};
pub(crate) use protocol::{StageCredentials, StageInfo, UploadAnswer};
pub(crate) use query::{Answer, Queries};
