//! A number of requests per second, spread evenly.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::network::Network;

/// Lets requests pass in turn.
#[derive(Debug)]
pub(crate) struct RateLimit {
    every: Duration,
    next: Mutex<Option<Instant>>,
}

impl RateLimit {
    pub(crate) fn new(per_second: f64) -> Self {
        let every = Duration::try_from_secs_f64(1.0 / per_second).unwrap_or_default();
        Self { every, next: Mutex::new(None) }
    }

    /// Waits for the turn of one request.
    pub(crate) async fn wait(&self, network: &dyn Network) {
        let turn = {
            let mut next = self.next.lock().await;
            let now = network.now();
            let turn = next.map_or(now, |next| next.max(now));
            *next = Some(turn + self.every);
            turn
        };
        network.sleep_until(turn).await;
    }
}
