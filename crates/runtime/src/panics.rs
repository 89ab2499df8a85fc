//! Panics of code that works on foreign data: they become errors, so that no damaged file ends the program.

use std::any::Any;
use std::cell::Cell;
use std::error::Error;
use std::fmt::{self, Display};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// How many calls of [`contain`] this thread is in.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// Where in the code the last panic began.
    static PLACE: Cell<Option<String>> = const { Cell::new(None) };
}

static HOOK: Once = Once::new();

/// Something panicked that [`contain`] had called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panicked {
    /// What the panic said.
    pub message: String,
    /// File and line of the code, where they are known.
    pub place: Option<String>,
}

impl Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        self.place.as_ref().map_or(Ok(()), |place| write!(f, " ({place})"))
    }
}

impl Error for Panicked {}

/// Does the work, and makes an error of a panic in this thread. Nothing is printed of it: who calls knows which file
/// was read, and tells the user.
///
/// What the work had changed may be left halfway, so that the caller abandons whatever it was working on.
///
/// # Errors
/// [`Panicked`] if the work panicked.
pub fn contain<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    HOOK.call_once(be_silent_inside);
    DEPTH.set(DEPTH.get() + 1);
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    DEPTH.set(DEPTH.get() - 1);
    done.map_err(|panic| Panicked { message: message(panic.as_ref()), place: PLACE.take() })
}

fn be_silent_inside() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if DEPTH.get() == 0 {
            return usual(info);
        }
        PLACE.set(info.location().map(|place| format!("{}:{}", file_name(place.file()), place.line())));
    }));
}

/// The path without what only the machine that compiled it knows.
fn file_name(path: &str) -> &str {
    path.rfind("/src/").and_then(|src| path[..src].rfind('/')).map_or(path, |at| &path[at + 1..])
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_with_its_message_and_place() {
        let found = contain(|| -> u8 { panic!("offset {} is too large", 7) }).unwrap_err();
        assert_eq!(found.message, "offset 7 is too large");
        assert!(found.place.as_deref().is_some_and(|place| place.contains("panics.rs:")), "{found}");
        assert_eq!(contain(|| 5), Ok(5));
    }

    #[test]
    fn contained_work_may_contain_other_work() {
        let outer = contain(|| {
            let inner = contain(|| panic!("inner"));
            assert_eq!(inner.unwrap_err().message, "inner");
            panic!("outer");
        });
        assert_eq!(outer.unwrap_err().message, "outer");
    }
}
