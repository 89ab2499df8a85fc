//! Starting threads, which the system may refuse: the user or the container has reached the limit of processes.

use std::error::Error;
use std::fmt::{self, Display};
use std::io;
use std::thread::{Builder, JoinHandle, Scope, ScopedJoinHandle};

use crate::panics::contain;

/// The system refused to start a thread without which the work cannot be done.
#[derive(Debug)]
pub struct NoThread {
    name: String,
    source: io::Error,
}

impl NoThread {
    /// What to do about it.
    pub const REMEDY: &str = "raise the limit of processes (`ulimit -u`, or that of the container), or set fewer \
                              `workers` in [extract], [normalize] and [load]; what was already published is kept, run \
                              again to continue";
}

impl Display for NoThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the system refuses to start thread `{}`", self.name)
    }
}

impl Error for NoThread {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

impl From<NoThread> for io::Error {
    fn from(error: NoThread) -> Self {
        Self::new(error.source.kind(), error)
    }
}

/// Starts a thread.
///
/// # Errors
/// If the system refuses.
pub fn start<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, NoThread> {
    Builder::new().name(name.to_owned()).spawn(work).map_err(|source| refused(name, source))
}

/// Starts a thread that ends with the scope. If the scope is left early, whatever the other threads wait for must be
/// dropped.
///
/// # Errors
/// If the system refuses.
pub fn start_scoped<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    name: &str,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>, NoThread> {
    Builder::new().name(name.to_owned()).spawn_scoped(scope, work).map_err(|source| refused(name, source))
}

/// Starts up to `wanted` threads that share their work, each with a name of its own. Where the system refuses one, those
/// before it do without.
///
/// # Errors
/// If the system refuses the first.
pub fn start_several<H>(
    wanted: usize,
    name: &str,
    start: impl FnMut(&str) -> Result<H, NoThread>,
) -> Result<Vec<H>, NoThread> {
    match start_until_refused(wanted, name, start) {
        (started, Some(error)) if started.is_empty() => Err(error),
        (started, Some(error)) => {
            let cause = &error.source;
            tracing::warn!(%cause, wanted, started = started.len(), "{error}; those that run do its work");
            Ok(started)
        }
        (started, None) => Ok(started),
    }
}

/// Starts up to `wanted` threads that help the one that calls, and does without those that the system refuses.
pub fn start_helpers<H>(wanted: usize, name: &str, start: impl FnMut(&str) -> Result<H, NoThread>) -> Vec<H> {
    let (started, refused) = start_until_refused(wanted, name, start);
    if let Some(error) = refused {
        tracing::debug!(cause = %error.source, wanted, started = started.len(), "{error}; it takes longer");
    }
    started
}

fn start_until_refused<H>(
    wanted: usize,
    name: &str,
    mut start: impl FnMut(&str) -> Result<H, NoThread>,
) -> (Vec<H>, Option<NoThread>) {
    let mut started = Vec::with_capacity(wanted);
    for number in 0..wanted {
        match start(&format!("{name}-{number}")) {
            Ok(thread) => started.push(thread),
            Err(error) => return (started, Some(error)),
        }
    }
    (started, None)
}

/// Starts an executor that has threads of its own. Tokio panics where it gets none.
///
/// # Errors
/// If the system refuses.
pub fn start_executor<T>(name: &str, build: impl FnOnce() -> io::Result<T>) -> Result<T, NoThread> {
    let built = contain(build).unwrap_or_else(|panic| Err(io::Error::other(panic)));
    built.map_err(|source| refused(name, source))
}

fn refused(name: &str, source: io::Error) -> NoThread {
    NoThread { name: name.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What starts threads of a system that has this many left.
    fn left(left: usize) -> impl FnMut(&str) -> Result<String, NoThread> {
        let mut left = left;
        move |name| match left.checked_sub(1) {
            None => Err(refused(name, io::ErrorKind::WouldBlock.into())),
            Some(fewer) => {
                left = fewer;
                Ok(name.to_owned())
            }
        }
    }

    #[test]
    fn fewer_threads_than_wanted_are_enough_and_none_are_not() {
        assert_eq!(start_several(2, "load", left(5)).unwrap(), ["load-0", "load-1"]);
        assert_eq!(start_several(3, "load", left(1)).unwrap(), ["load-0"]);
        let error = start_several(3, "load", left(0)).unwrap_err();
        assert_eq!(error.to_string(), "the system refuses to start thread `load-0`");
    }

    #[test]
    fn the_caller_does_without_helpers() {
        assert_eq!(start_helpers(3, "hash", left(2)), ["hash-0", "hash-1"]);
        assert_eq!(start_helpers(3, "hash", left(0)), [""; 0]);
    }

    #[test]
    fn an_executor_that_panics_is_an_error() {
        let error =
            start_executor("streams", || -> io::Result<()> { panic!("OS can't spawn worker thread") });
        let error = error.unwrap_err();
        assert_eq!(error.to_string(), "the system refuses to start thread `streams`");
        assert!(error.source().is_some_and(|cause| cause.to_string().contains("can't spawn")));
    }
}
