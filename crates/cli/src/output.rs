//! Standard output for results, standard error for everything else.

use std::io::{self, Write};

use serde::Serialize;

/// Writes text on standard output. A reader that has gone away (`| head`) is not an error.
///
/// # Errors
/// If standard output cannot be written.
pub(crate) fn print(text: &str) -> io::Result<()> {
    #[cfg(test)]
    crate::tests::captured::out(text);
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// Writes a value as an indented JSON document.
///
/// # Errors
/// If standard output cannot be written.
pub(crate) fn print_json(value: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    print(&text)
}

/// Writes a line on standard error.
pub(crate) fn tell(line: &str) {
    #[cfg(test)]
    crate::tests::captured::err(line);
    eprintln!("{line}");
}
