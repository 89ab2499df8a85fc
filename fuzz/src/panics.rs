//! Which panics end the process.
//!
//! The product makes errors of panics where libraries work on foreign data (`cartage_runtime::contain`). So a panic of
//! ours would go unnoticed there, and one of a library would be a finding that no user meets.

use std::backtrace::Backtrace;
use std::panic::PanicHookInfo;
use std::sync::Once;

static HOOK: Once = Once::new();

/// Whose panics may be contained.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Contained {
    /// Nobody's.
    None,
    /// Those of libraries.
    OfLibraries,
}

/// Ends the process at panics, but not at those that may be and are contained.
pub fn watch(contained: Contained) {
    HOOK.call_once(|| {
        // From now on the hook of `contain` is there, behind ours, and behind it that of libFuzzer, which aborts.
        cartage_runtime::contain(|| ()).expect("nothing panics in here");
        let others = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if contained == Contained::OfLibraries && is_of_library(info) {
                return others(info);
            }
            eprintln!("{info}\n{}", Backtrace::force_capture());
            std::process::abort();
        }));
    });
}

/// The compiler's own library counts as one: a panic in it is as often a library's as ours, and those of ours that
/// matter (indexing, arithmetic, `expect`) say the place of their caller.
fn is_of_library(info: &PanicHookInfo<'_>) -> bool {
    let ours = ["/crates/", "/fuzz/"];
    info.location().is_none_or(|place| {
        let file = place.file();
        file.contains("/registry/") || !ours.iter().any(|part| file.contains(part))
    })
}
