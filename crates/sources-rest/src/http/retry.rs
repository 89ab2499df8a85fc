//! How long to wait before the next try.

use std::sync::Arc;
use std::time::Duration;

use cartage_runtime::{Random, RetryPolicy};
use chrono::DateTime;
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

use crate::config::{SessionTable, seconds};

/// Whether an answer with this status may be another one next time.
pub(super) fn is_retryable(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
}

/// How long requests of one client wait before they are tried again.
#[derive(Debug)]
pub(super) struct RetryDelay {
    policy: RetryPolicy,
    longest: Duration,
    random: Arc<dyn Random>,
}

impl RetryDelay {
    pub(super) fn new(session: &SessionTable, random: Arc<dyn Random>) -> Self {
        let longest = seconds(session.request_max_retry_delay);
        let policy = RetryPolicy::new(seconds(session.request_backoff_factor), longest);
        Self { policy, longest, random }
    }

    /// What the server asks for, at most as long as the settings allow; else what the policy says.
    pub(super) fn wait(&self, attempt: u32, headers: Option<&HeaderMap>) -> Duration {
        match headers.and_then(asked) {
            Some(asked) => asked.min(self.longest),
            None => self.policy.pause(attempt, &*self.random),
        }
    }
}

/// `Retry-After`: seconds, or a date by the clock of the server.
fn asked(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: HeaderName| Some(headers.get(name)?.to_str().ok()?.trim());
    let after = text(RETRY_AFTER)?;
    if let Ok(seconds) = after.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = |text: &str| DateTime::parse_from_rfc2822(text).ok();
    (moment(after)? - moment(text(DATE)?)?).to_std().ok()
}

#[cfg(test)]
mod tests {
    use cartage_runtime::SeededRandom;
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn waits_double_up_to_the_limit_and_the_server_may_ask_for_more() {
        let session = SessionTable { request_max_retry_delay: 6.0, ..SessionTable::default() };
        let delay = RetryDelay::new(&session, Arc::new(SeededRandom::new(1)));
        for (attempt, most) in [(1, 1.0), (2, 2.0), (3, 4.0), (4, 6.0), (40, 6.0)] {
            let waited = delay.wait(attempt, None).as_secs_f64();
            assert!(waited <= most && waited >= most * 0.5, "{attempt}: {waited}");
        }
        let with = |text: &'static str| {
            HeaderMap::from_iter([
                (RETRY_AFTER, HeaderValue::from_static(text)),
                (DATE, HeaderValue::from_static("Fri, 31 Dec 2100 23:59:57 GMT")),
            ])
        };
        assert_eq!(delay.wait(1, Some(&with("3"))), Duration::from_secs(3));
        assert_eq!(delay.wait(1, Some(&with("99"))), Duration::from_secs(6));
        assert_eq!(delay.wait(1, Some(&with("Fri, 31 Dec 2100 23:59:59 GMT"))), Duration::from_secs(2));
    }
}
