//! Waiting between attempts: longer each time, with jitter, and not beyond the user's wish to stop.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cartage_destinations_api::Error;
use cartage_runtime::{Cancel, Runtime};

/// Lets time pass.
pub trait Sleeper: fmt::Debug + Send + Sync {
    /// Waits for `duration`, or until `cancel` is set.
    fn sleep(&self, duration: Duration, cancel: &Cancel);
}

/// Puts the thread to sleep.
#[derive(Clone, Copy, Debug, Default)]
pub struct ThreadSleeper;

/// How soon a wish to stop is seen.
const SLICE: Duration = Duration::from_millis(50);

impl Sleeper for ThreadSleeper {
    fn sleep(&self, duration: Duration, cancel: &Cancel) {
        let mut left = duration;
        while !left.is_zero() && !cancel.is_cancelled() {
            let slice = left.min(SLICE);
            std::thread::sleep(slice);
            left -= slice;
        }
    }
}

/// How long to wait: `first` doubled after every attempt up to `longest`, of which a random half to
/// whole is waited, so that jobs that failed together do not come back together.
#[derive(Clone, Debug)]
pub struct Backoff {
    /// Before the second attempt.
    pub first: Duration,
    /// Never longer.
    pub longest: Duration,
    /// What waits.
    pub sleeper: Arc<dyn Sleeper>,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(250),
            longest: Duration::from_secs(10),
            sleeper: Arc::new(ThreadSleeper),
        }
    }
}

impl Backoff {
    /// Waits before attempt number `attempts + 1`.
    pub(crate) fn wait(&self, attempts: u32, runtime: &Runtime) {
        let whole =
            self.first.saturating_mul(2u32.saturating_pow(attempts.saturating_sub(1))).min(self.longest);
        let part = 0.5 + 0.5 * (runtime.random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        self.sleeper.sleep(whole.mul_f64(part), &runtime.cancel);
    }

    /// Runs `work` until it succeeds, fails for good, or has failed `attempts` times.
    ///
    /// # Errors
    /// The last error.
    pub fn retry<T>(
        &self,
        attempts: u32,
        runtime: &Runtime,
        mut work: impl FnMut() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut failed = 0;
        loop {
            let error = match work() {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            failed += 1;
            if !error.may_pass() || failed >= attempts || runtime.cancel.is_cancelled() {
                return Err(error);
            }
            tracing::warn!(%error, attempt = failed, "transient error of the destination, trying again");
            self.wait(failed, runtime);
        }
    }
}
