//! Running a program to its end for what it prints, such as a catalog.

use std::io;
use std::sync::Arc;

use cartage_runtime::CancelToken;
use cartage_source_api::SourceError;

use crate::command::ProgramSettings;
use crate::program::{Arguments, Program};

/// Most bytes of such an output.
const OUTPUT_BYTES: usize = 256 << 20;

/// Runs a program with these arguments and hands each line of its output to `take`, which may say why it ends the run.
///
/// # Errors
/// If the program fails, prints too much, or nothing in time; what `take` says.
pub(crate) fn run_to_end(
    settings: &Arc<ProgramSettings>,
    arguments: &Arguments,
    what: &str,
    mut take: impl FnMut(&[u8]) -> Result<(), String>,
) -> Result<(), SourceError> {
    let (mut program, mut output) = Program::start(settings, arguments, &CancelToken::default())?;
    program.close_input();
    output.set_idle_timeout(Some(settings.start_timeout));
    let mut line = Vec::new();
    let mut failed = None;
    loop {
        match output.line(&mut line, OUTPUT_BYTES) {
            Ok(true) => {
                if let Err(reason) = take(&line) {
                    // What it prints later may say more, and so may its end.
                    failed.get_or_insert(reason);
                }
            }
            Ok(false) => break,
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                return Err(
                    program.unusable(&format!("{what}: {error}; raise `start_timeout` if it needs longer"))
                );
            }
            Err(error) => {
                return Err(program.unusable(&format!("{what}: its output cannot be read: {error}")));
            }
        }
    }
    if let Some(reason) = failed {
        return Err(program.unusable(&format!("{what}: {reason}")));
    }
    program.finish()
}
