//! What this thread has printed.

use std::cell::RefCell;

thread_local! {
    static PRINTED: RefCell<(String, String)> = RefCell::default();
}

/// Keeps text of standard output.
pub(crate) fn out(text: &str) {
    PRINTED.with_borrow_mut(|(out, _)| out.push_str(text));
}

/// Keeps a line of standard error.
pub(crate) fn err(line: &str) {
    PRINTED.with_borrow_mut(|(_, err)| {
        err.push_str(line);
        err.push('\n');
    });
}

/// Standard output and standard error since the last call.
pub(crate) fn take() -> (String, String) {
    PRINTED.take()
}
