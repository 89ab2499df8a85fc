//! Waiting for a server while rows may no longer be wanted.

use std::time::Duration;

use crate::batches::RowSink;

/// How often a wait checks whether rows are still wanted.
const LOOK: Duration = Duration::from_millis(100);

/// Ends when rows are no longer wanted.
pub(crate) async fn not_wanted(sink: &RowSink) {
    let mut look = tokio::time::interval(LOOK);
    while sink.is_wanted() {
        look.tick().await;
    }
}
