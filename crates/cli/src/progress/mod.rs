//! How a run shows its progress: bars on a terminal, log lines elsewhere.

mod bars;
pub(crate) mod counters;
mod log;
mod machine;

use std::io::{self, IsTerminal};
use std::sync::Arc;

use cartage_runtime::{NoProgress, Progress};

use crate::args::ProgressMode;

/// The display for `mode`; nothing given means bars where standard error is a terminal.
pub(crate) fn display(mode: Option<ProgressMode>) -> Arc<dyn Progress> {
    match mode.unwrap_or(ProgressMode::Auto) {
        ProgressMode::Auto if io::stderr().is_terminal() => Arc::new(bars::Bars::new()),
        ProgressMode::Bars => Arc::new(bars::Bars::new()),
        ProgressMode::Auto | ProgressMode::Log => Arc::new(log::Lines::new()),
        ProgressMode::None => Arc::new(NoProgress),
    }
}
