//! Loopback proxies between a client and its server: one breaks connections, one answers in the server's place.

mod http;
mod tcp;

pub use http::{HttpProxy, Refusal};
pub use tcp::TcpProxy;
