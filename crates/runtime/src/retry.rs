//! Waiting between attempts: longer each time, with jitter, and not beyond the user's wish to stop.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::{CancelToken, Random, Runtime};

/// Waits between attempts.
pub trait Sleeper: fmt::Debug + Send + Sync {
    /// Waits for `duration`, or until `cancel` is set.
    fn sleep(&self, duration: Duration, cancel: &CancelToken);
}

/// Puts the thread to sleep.
#[derive(Clone, Copy, Debug, Default)]
pub struct ThreadSleeper;

/// How soon a wish to stop is seen.
const SLICE: Duration = Duration::from_millis(50);

impl Sleeper for ThreadSleeper {
    fn sleep(&self, duration: Duration, cancel: &CancelToken) {
        let mut left = duration;
        while !left.is_zero() && !cancel.is_cancelled() {
            let slice = left.min(SLICE);
            std::thread::sleep(slice);
            left -= slice;
        }
    }
}

/// How long to wait between attempts: `first`, doubled after every attempt up to `longest`, of which a random half to
/// whole is waited, so that those who failed together do not come back together.
#[derive(Clone, Debug)]
pub struct RetryPolicy {
    /// Pause before the second attempt.
    pub first: Duration,
    /// Longest pause between two attempts.
    pub longest: Duration,
    /// Carries out the pauses; tests have one that only counts them.
    pub sleeper: Arc<dyn Sleeper>,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new(Duration::from_millis(250), Duration::from_secs(10))
    }
}

impl RetryPolicy {
    /// A policy that waits `first` and then longer, up to `longest`.
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, sleeper: Arc::new(ThreadSleeper) }
    }

    /// How long to wait after `failed` attempts, at least one.
    pub fn pause(&self, failed: u32, random: &dyn Random) -> Duration {
        let doubled = 2_u32.saturating_pow(failed.saturating_sub(1));
        let whole = self.first.saturating_mul(doubled).min(self.longest);
        let part = (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        whole.mul_f64(0.5 + 0.5 * part)
    }

    /// Waits after `failed` attempts.
    pub fn wait(&self, failed: u32, runtime: &Runtime) {
        self.sleeper.sleep(self.pause(failed, &*runtime.random), &runtime.cancel);
    }

    /// Runs `work` until it succeeds, fails with an error that does not pass, or has failed `attempts` times; no longer
    /// than the user lets it.
    ///
    /// # Errors
    /// What `work` said last.
    pub fn retry<T, E: fmt::Display>(
        &self,
        attempts: u32,
        runtime: &Runtime,
        is_retryable: impl Fn(&E) -> bool,
        mut work: impl FnMut() -> Result<T, E>,
    ) -> Result<T, E> {
        let mut failed = 0;
        loop {
            let error = match work() {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            failed += 1;
            if !is_retryable(&error) || failed >= attempts || runtime.cancel.is_cancelled() {
                return Err(error);
            }
            tracing::warn!(%error, attempt = failed, "trying again");
            self.wait(failed, runtime);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededRandom;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let policy = RetryPolicy::new(Duration::from_secs(1), Duration::from_secs(6));
        let random = SeededRandom::new(1);
        for (failed, whole) in [(1, 1.0), (2, 2.0), (3, 4.0), (4, 6.0), (400, 6.0)] {
            let pause = policy.pause(failed, &random).as_secs_f64();
            assert!(pause <= whole && pause >= whole / 2.0, "{failed}: {pause}");
        }
    }

    #[test]
    fn work_is_tried_until_it_succeeds_fails_for_good_or_was_tried_often_enough() {
        let policy = RetryPolicy::new(Duration::ZERO, Duration::ZERO);
        let tries = |succeeds_at: u32, passes: bool| {
            let mut count = 0;
            let done = policy.retry(
                3,
                &Runtime::system(),
                |_: &&str| passes,
                || {
                    count += 1;
                    if count == succeeds_at { Ok(()) } else { Err("no") }
                },
            );
            (count, done.is_ok())
        };
        assert_eq!(tries(2, true), (2, true));
        assert_eq!(tries(9, true), (3, false));
        assert_eq!(tries(9, false), (1, false));
    }
}
