//! Log lines on standard error, by `[runtime]` and `--verbose`.

use std::io::{self, IsTerminal};

use cartage_config::{LogFormat, LogLevel, RuntimeSettings};
use tracing_subscriber::EnvFilter;

/// Starts logging. `verbose` raises the level of the settings; `RUST_LOG` overrules both.
pub(crate) fn start(settings: RuntimeSettings, verbose: u8) {
    let level = match (settings.log_level, verbose) {
        (LogLevel::Trace, _) => "trace",
        (LogLevel::Debug, _) | (_, 2..) => "debug",
        (LogLevel::Info, _) | (_, 1) => "info",
        (LogLevel::Error, 0) => "error",
        _ => "warn",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    // A second start in one process keeps the first logger.
    let _ = match settings.log_format {
        LogFormat::Json => builder.json().try_init(),
        _ => builder.with_target(false).try_init(),
    };
}
