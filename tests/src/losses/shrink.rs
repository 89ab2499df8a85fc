//! The smallest case that still shows what a case shows.

use std::path::Path;

use super::case::{Case, InputFile};
use super::check;
use super::given::Given;

/// Makes a case smaller as long as it has a finding of the same kind; at most this many tries.
pub fn shrink(case: &Case, kind: &str, binary: &Path, mut tries: usize) -> Case {
    let mut smallest = case.clone();
    let mut shows = |smaller: &Case| {
        if tries == 0 {
            return false;
        }
        tries -= 1;
        check(smaller, binary)
            .is_ok_and(|judgement| judgement.findings.iter().any(|found| found.kind == kind))
    };
    loop {
        let mut has_changed = false;
        for step in
            [without_runs, without_files, without_half_of_rows, without_rows, without_keys, without_parts]
        {
            // From the end, so that what is taken away does not move what is yet to be tried.
            let mut nth = step(&smallest).len();
            while nth > 0 {
                nth -= 1;
                let Some(smaller) = step(&smallest).into_iter().nth(nth) else { continue };
                if shows(&smaller) {
                    smallest = smaller;
                    has_changed = true;
                }
            }
        }
        if !has_changed {
            return smallest;
        }
    }
}

fn without_runs(case: &Case) -> Vec<Case> {
    let keep_one = case.runs.len() > 1;
    let without = |run| {
        let mut smaller = case.clone();
        smaller.runs.remove(run);
        smaller
    };
    (0..case.runs.len()).filter(|_| keep_one).map(without).collect()
}

/// Cases that differ from a case in one file.
fn changed(case: &Case, change: impl Fn(&InputFile) -> Vec<Option<InputFile>>) -> Vec<Case> {
    let mut found = Vec::new();
    for run in 0..case.runs.len() {
        for file in 0..case.runs[run].len() {
            for changed in change(&case.runs[run][file]) {
                let mut smaller = case.clone();
                match changed {
                    Some(changed) => smaller.runs[run][file] = changed,
                    None => drop(smaller.runs[run].remove(file)),
                }
                found.push(smaller);
            }
        }
    }
    found
}

fn without_files(case: &Case) -> Vec<Case> {
    changed(case, |_| vec![None])
}

fn without_half_of_rows(case: &Case) -> Vec<Case> {
    changed(case, |file| {
        let (first, second) = file.rows.split_at(file.rows.len() / 2);
        let halves =
            [first, second].into_iter().filter(|half| half.len() < file.rows.len() && !half.is_empty());
        halves.map(|half| Some(InputFile { rows: half.to_vec(), ..file.clone() })).collect()
    })
}

fn without_rows(case: &Case) -> Vec<Case> {
    changed(case, |file| {
        let without = |row| {
            let mut smaller = file.clone();
            smaller.rows.remove(row);
            Some(smaller)
        };
        (0..file.rows.len()).map(without).collect()
    })
}

fn without_keys(case: &Case) -> Vec<Case> {
    changed(case, |file| {
        let keys: Vec<&String> = if file.types.is_empty() {
            let mut keys: Vec<_> = file.rows.iter().flat_map(|row| &row.values).map(|(key, _)| key).collect();
            keys.sort();
            keys.dedup();
            keys
        } else {
            file.types.iter().map(|(key, _)| key).collect()
        };
        let without = |key: &String| {
            let mut smaller = file.clone();
            smaller.types.retain(|(known, _)| known != key);
            for row in &mut smaller.rows {
                row.values.retain(|(known, _)| known != key);
            }
            Some(smaller)
        };
        keys.into_iter().map(without).collect()
    })
}

/// Values that become null, or lose a part.
fn without_parts(case: &Case) -> Vec<Case> {
    changed(case, |file| {
        let mut found = Vec::new();
        for row in 0..file.rows.len() {
            for value in 0..file.rows[row].values.len() {
                for part in parts(&file.rows[row].values[value].1, file.types.is_empty()) {
                    let mut smaller = file.clone();
                    smaller.rows[row].values[value].1 = part;
                    found.push(Some(smaller));
                }
            }
        }
        found
    })
}

/// Values of the same type that say less.
fn parts(given: &Given, is_free: bool) -> Vec<Given> {
    match given {
        Given::Null => Vec::new(),
        Given::List(items) => {
            let mut found = vec![Given::Null];
            for at in 0..items.len() {
                let mut fewer = items.clone();
                // The lists of a column of fixed size keep theirs.
                if is_free {
                    fewer.remove(at);
                    found.push(Given::List(fewer));
                }
                for part in parts(&items[at], is_free) {
                    let mut smaller = items.clone();
                    smaller[at] = part;
                    found.push(Given::List(smaller));
                }
            }
            found
        }
        Given::Object(fields) => {
            let mut found = vec![Given::Null];
            for at in 0..fields.len() {
                if is_free {
                    let mut fewer = fields.clone();
                    fewer.remove(at);
                    found.push(Given::Object(fewer));
                }
                for part in parts(&fields[at].1, is_free) {
                    let mut smaller = fields.clone();
                    smaller[at].1 = part;
                    found.push(Given::Object(smaller));
                }
            }
            found
        }
        _ => vec![Given::Null],
    }
}
