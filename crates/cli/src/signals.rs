//! What SIGINT and SIGTERM do: the first asks to stop, the second stops at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use cartage_runtime::CancelToken;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Exit status of a process that a second signal stopped, as shells report SIGINT.
const STOPPED: i32 = 130;

/// From now on the first signal sets `cancel` and the second ends the process.
///
/// Ending at once loses nothing: whatever is published stays, and the rest is swept by the next run.
///
/// # Errors
/// If the handlers cannot be installed.
pub(crate) fn install(cancel: &CancelToken) -> io::Result<()> {
    for signal in [SIGINT, SIGTERM] {
        let seen: Arc<AtomicBool> = cancel.flag();
        // Registered first, so that it runs first and does nothing until the flag is set.
        flag::register_conditional_shutdown(signal, STOPPED, Arc::clone(&seen))?;
        flag::register(signal, seen)?;
    }
    Ok(())
}
