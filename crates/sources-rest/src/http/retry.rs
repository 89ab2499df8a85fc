//! How long to wait before the next try.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use cartage_runtime::{Clock, SystemClock};
use chrono::DateTime;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::config::{SessionTable, seconds};

/// Whether an answer with this status may be another one next time.
pub(super) fn is_retryable(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
}

/// What the server asks for, at most as long as the settings allow; else twice as long as the last time, less
/// a random part, so that those who failed together do not come back together.
pub(super) fn delay(session: &SessionTable, attempt: u32, headers: Option<&HeaderMap>) -> Duration {
    let most = seconds(session.request_max_retry_delay);
    if let Some(asked) = headers.and_then(asked) {
        return asked.min(most);
    }
    let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
    let full = seconds(session.request_backoff_factor * 2_f64.powi(exponent.min(30))).min(most);
    let random = RandomState::new().hash_one(attempt) % 1000;
    full.mul_f64(0.75 + random as f64 / 4000.0)
}

/// `Retry-After`: seconds, or a date.
fn asked(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(text).ok()?;
    (until.to_utc() - SystemClock.now()).to_std().ok()
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn waits_double_up_to_the_limit_and_the_server_may_ask_for_more() {
        let session = SessionTable { request_max_retry_delay: 6.0, ..SessionTable::default() };
        for (attempt, most) in [(1, 1.0), (2, 2.0), (3, 4.0), (4, 6.0), (40, 6.0)] {
            let waited = delay(&session, attempt, None).as_secs_f64();
            assert!(waited <= most && waited >= most * 0.75, "{attempt}: {waited}");
        }
        let with = |text: &'static str| HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
        assert_eq!(delay(&session, 1, Some(&with("3"))), Duration::from_secs(3));
        assert_eq!(delay(&session, 1, Some(&with("99"))), Duration::from_secs(6));
        assert_eq!(delay(&session, 1, Some(&with("Fri, 31 Dec 2100 23:59:59 GMT"))), Duration::from_secs(6));
    }
}
