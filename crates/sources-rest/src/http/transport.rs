//! Requests that got no answer: why, by the types of the errors that caused it.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls::CertificateError;

/// Tries after which a host without an address is an error: a resolver that starts up finds it the second time.
const LOOKUPS: u32 = 2;

/// Why there was no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Timeout,
    CertificateExpired,
    CertificateOfAnotherHost,
    CertificateNotTrusted,
    UnknownHost,
    ConnectionRefused,
    Unreachable,
    AnswerBroken,
    ConnectionBroken,
}

/// A request that got no answer.
#[derive(Debug)]
pub(crate) struct TransportError {
    reason: Reason,
    /// The innermost cause in its own words.
    cause: String,
}

impl TransportError {
    pub(crate) fn new(error: &reqwest::Error) -> Self {
        let mut innermost = "no reason given".to_owned();
        let mut reason = None;
        let mut next = error.source();
        while let Some(cause) = next {
            innermost = cause.to_string();
            reason = of_cause(cause).or(reason);
            next = cause.source();
        }
        let reason = if error.is_timeout() {
            Reason::Timeout
        } else if let Some(reason) = reason {
            reason
        } else if error.is_connect() {
            Reason::Unreachable
        } else if error.is_decode() || error.is_body() {
            Reason::AnswerBroken
        } else {
            Reason::ConnectionBroken
        };
        Self::because(reason, innermost)
    }

    pub(crate) fn because(reason: Reason, cause: String) -> Self {
        Self { reason, cause }
    }

    /// Whether try number `tries` was the last one that makes sense.
    pub(crate) fn is_final(&self, tries: u32) -> bool {
        match self.reason {
            Reason::CertificateExpired | Reason::CertificateOfAnotherHost | Reason::CertificateNotTrusted => {
                true
            }
            Reason::UnknownHost => tries >= LOOKUPS,
            _ => false,
        }
    }

    /// What it means and what can be done, for people. `timeout` is in seconds.
    pub(crate) fn explain(&self, tries: u32, timeout: f64) -> String {
        let cause = &self.cause;
        let tries = if tries > 1 { format!(", {tries} tries") } else { String::new() };
        match self.reason {
            Reason::Timeout => format!(
                "no answer within {timeout} seconds{tries}; raise `client.session.request_timeout`, or ask for smaller pages"
            ),
            Reason::CertificateExpired => format!(
                "the certificate of the server has expired or is not yet valid; tell its owner ({cause})"
            ),
            Reason::CertificateOfAnotherHost => {
                format!("the certificate of the server is that of another host ({cause}); check `base_url`")
            }
            Reason::CertificateNotTrusted => format!(
                "the certificate of the server is not trusted ({cause}); if it is one of your own, set \
                 `client.session.verify` to the file with its authority"
            ),
            Reason::UnknownHost => format!("there is no host of this name ({cause}); check `base_url`"),
            Reason::ConnectionRefused => {
                format!("nothing listens at this address{tries} ({cause}); check host and port of `base_url`")
            }
            Reason::Unreachable => format!(
                "the host cannot be reached{tries} ({cause}); check `base_url`, the network, and HTTPS_PROXY"
            ),
            Reason::AnswerBroken => {
                format!("the answer ended early or cannot be decoded{tries} ({cause}); run again")
            }
            Reason::ConnectionBroken => format!("the connection broke{tries} ({cause}); run again"),
        }
    }
}

fn of_cause(cause: &(dyn StdError + 'static)) -> Option<Reason> {
    if cause.is::<UnknownHost>() {
        return Some(Reason::UnknownHost);
    }
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        return of_tls(error);
    }
    let error = cause.downcast_ref::<io::Error>()?;
    if error.kind() == io::ErrorKind::ConnectionRefused {
        return Some(Reason::ConnectionRefused);
    }
    // What an error of the system carries inside is not a source of it.
    let inner: &(dyn StdError + 'static) = error.get_ref()?;
    of_cause(inner)
}

fn of_tls(error: &rustls::Error) -> Option<Reason> {
    let rustls::Error::InvalidCertificate(fault) = error else { return None };
    Some(match fault {
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => Reason::CertificateExpired,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Reason::CertificateOfAnotherHost
        }
        _ => Reason::CertificateNotTrusted,
    })
}

/// Asks the system for the addresses of a host, and says so where there are none.
#[derive(Debug)]
pub(crate) struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found: Vec<_> = tokio::net::lookup_host((host, 0)).await.map_err(UnknownHost)?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// A host whose address the system does not know.
#[derive(Debug)]
struct UnknownHost(io::Error);

impl fmt::Display for UnknownHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for UnknownHost {}
