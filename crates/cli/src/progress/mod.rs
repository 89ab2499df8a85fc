//! How a run shows its progress: bars on a terminal, log lines elsewhere.

mod bars;
pub(crate) mod counters;
mod log;
mod machine;

use std::io::{self, IsTerminal};
use std::sync::Arc;

use cartage_runtime::{NoProgress, Progress};

use crate::args::ProgressArg;

/// The display for `mode`; nothing given means bars where standard error is a terminal.
pub(crate) fn display(mode: Option<ProgressArg>) -> Arc<dyn Progress> {
    match mode.unwrap_or(ProgressArg::Auto) {
        ProgressArg::Auto if io::stderr().is_terminal() => Arc::new(bars::Bars::new()),
        ProgressArg::Bars => Arc::new(bars::Bars::new()),
        ProgressArg::Auto | ProgressArg::Log => Arc::new(log::Lines::new()),
        ProgressArg::None => Arc::new(NoProgress),
    }
}
