//! What a target did, read from what libFuzzer says.

use std::path::{Path, PathBuf};

/// The line above [`Outcome::shown`].
pub(super) const HEAD: &str =
    "target      executions   a second  new inputs  coverage  features  peak MB  verdict";

/// What a target did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    executions: u64,
    per_second: u64,
    new_inputs: u64,
    coverage: u64,
    features: u64,
    peak_megabytes: u64,
    /// Why it ended before its time.
    pub(super) failure: Option<Failure>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failure {
    reason: String,
    /// The input, where it was kept.
    artifact: Option<PathBuf>,
    log: PathBuf,
}

impl Outcome {
    /// Reads the log of a process.
    pub(super) fn of(text: &str, succeeded: bool, log: &Path) -> Self {
        let stat = |name: &str| {
            let found = text.lines().rev().find_map(|line| line.strip_prefix("stat::")?.strip_prefix(name));
            found.and_then(|rest| rest.trim_start_matches(':').trim().parse().ok()).unwrap_or(0)
        };
        Self {
            executions: stat("number_of_executed_units"),
            per_second: stat("average_exec_per_sec"),
            new_inputs: stat("new_units_added"),
            coverage: last_figure(text, "cov: "),
            features: last_figure(text, "ft: "),
            peak_megabytes: stat("peak_rss_mb"),
            failure: (!succeeded).then(|| Failure::of(text, log)),
        }
    }

    /// One line, and what to do where it failed.
    pub(super) fn shown(&self, name: &str) -> String {
        let Self { executions, per_second, new_inputs, coverage, features, peak_megabytes, failure } = self;
        let line = format!(
            "{name:10} {executions:11} {per_second:10} {new_inputs:11} {coverage:9} {features:9} {peak_megabytes:8}"
        );
        let Some(Failure { reason, artifact, log }) = failure else { return format!("{line}  ok") };
        let input = match artifact {
            Some(path) => {
                format!(
                    "\n  the input: {0}\n  again:     cargo xtask fuzz {name} --input {0}",
                    path.display()
                )
            }
            None => String::new(),
        };
        format!("{line}  FAILED: {reason}{input}\n  the log:   {}", log.display())
    }
}

impl Failure {
    fn of(text: &str, log: &Path) -> Self {
        // The first thing that is said is the cause, what follows are consequences.
        let is_cause = |line: &&str| line.contains("panicked at") || line.contains("ERROR: ");
        let mut lines = text.lines();
        let cause = lines.find(is_cause).unwrap_or("the process ended without a word").trim();
        // What a panic says stands in the line behind its place.
        let message = lines.next().filter(|_| cause.contains("panicked at")).unwrap_or_default();
        let kept = text.lines().rev().find_map(|line| line.split_once("Test unit written to "));
        Self {
            reason: format!("{cause} {message}").trim_end().to_owned(),
            artifact: kept.map(|(_, path)| PathBuf::from(path.trim())),
            log: log.to_owned(),
        }
    }
}

/// The figure behind the last `name` of the lines that say how far it is.
fn last_figure(text: &str, name: &str) -> u64 {
    let line = text.lines().rev().find(|line| line.starts_with('#') && line.contains(name));
    let figure = line.and_then(|line| line.split_once(name)?.1.split_whitespace().next());
    figure.and_then(|figure| figure.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_the_end() {
        let log = "#2\tINITED cov: 5 ft: 6 corp: 1/1b exec/s: 0 rss: 30Mb\n#9\tNEW    cov: 12 ft: 34 corp: 2/9b\n\
                   stat::number_of_executed_units: 4096\nstat::average_exec_per_sec:     2048\n\
                   stat::new_units_added:          7\nstat::peak_rss_mb:              55\n";
        let outcome = Outcome::of(log, true, Path::new("csv.log"));
        assert_eq!((outcome.executions, outcome.per_second, outcome.new_inputs), (4096, 2048, 7));
        assert_eq!((outcome.coverage, outcome.features, outcome.peak_megabytes), (12, 34, 55));
        assert!(outcome.shown("csv").ends_with("ok"));
    }

    #[test]
    fn a_failure_names_its_cause_its_input_and_the_way_back_to_it() {
        let log = "#2\tINITED cov: 5 ft: 6\npanicked at crates/a/src/b.rs:7:1:\nindex out of bounds\n\
                   ==7== ERROR: libFuzzer: deadly signal\n\
                   artifact_prefix='x/'; Test unit written to x/crash-1\nBase64: AA==\n";
        let shown = Outcome::of(log, false, Path::new("csv.log")).shown("csv");
        assert!(shown.contains("FAILED: panicked at crates/a/src/b.rs:7:1: index out of bounds"), "{shown}");
        assert!(shown.contains("cargo xtask fuzz csv --input x/crash-1"), "{shown}");
    }
}
