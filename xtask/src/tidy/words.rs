//! Words that are not used here, in code, comments, docs and messages, each with what to write instead.
//!
//! Three kinds: phrases that are vague or not technical English, idioms that were translated literally, and names of
//! types that only this project knew. The [glossary](../../../docs/GLOSSARY.md) has the words that are used.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::sources::{files_of, is_word};

/// Phrases, in lower case, and what says the same. The first letter of a phrase may be a capital in the text.
const PHRASES: [(&str, &str); 16] = [
    ("somebody", "who it is: another run, another process, the user, the caller"),
    ("somebody's", "whose it is"),
    ("everybody", "who it is: all workers, all holders"),
    ("whoever", "who it is: the caller, the reader, a load that takes over"),
    ("himself", "itself, themselves"),
    ("robbed", "what is missing"),
    ("workshop", "repository automation"),
    ("truth", "boolean"),
    ("truths", "booleans"),
    ("beside each other", "concurrently"),
    ("was faster", "who committed first"),
    ("was quicker", "which was first"),
    ("the wish to", "the request to, cancellation"),
    ("value cannot be.", "its value is not allowed"),
    ("that cannot be.", "what is not allowed, and by whom"),
    ("nobody knows.", "that it is unknown"),
];

/// Idioms, in lower case, and what says the same. Names of tests may hold them.
const IDIOMS: [(&str, &str); 15] = [
    ("at stake", "what may be lost or changed"),
    ("behind the point", "after the point"),
    ("belong into", "belong in"),
    ("belongs into", "belongs in"),
    ("comes along", "what is included or handed over"),
    ("for ever", "forever"),
    ("gave way", "was replaced"),
    ("goes on behind", "continues after"),
    ("goodbye", "closes the connection"),
    ("is there already", "already exists"),
    ("made anew", "recreated"),
    ("none of their business", "what they do not need"),
    ("of no matter", "does not matter"),
    ("of no use", "cannot be used, does not apply"),
    ("so many", "this many, a number of"),
];

/// As in "`X` is no number". Found where neither "there" precedes nor a word of [`AFTER_NO`] follows.
const IS_NO: [&str; 4] = ["is no ", "are no ", "was no ", "were no "];

/// What may follow "is no".
const AFTER_NO: [&str; 5] = ["faster", "less", "longer", "more", "such"];

/// Names of types that readers had to look up, and the term of the field.
const TYPES: [(&str, &str); 17] = [
    ("Along", "PageEffects"),
    ("Alone", "ExclusiveRun"),
    ("Appends", "AppendRecord"),
    ("Checkup", "ConnectionCheck"),
    ("Fed", "FeedEvent"),
    ("Fodder", "QueuedProducer"),
    ("Gatherer", "Extraction"),
    ("Goal", "TargetTable"),
    ("Headless", "MissingManifest"),
    ("Ingredients", "PlanInput"),
    ("Leftover", "Incomplete"),
    ("Look", "a guard, a view"),
    ("Offer", "SourceInput"),
    ("Overlap", "ConcurrentRun"),
    ("Reach", "RouteScope"),
    ("Standing", "ResourceProgress"),
    ("Ways", "DestinationWrites"),
];

/// What introduces the name of a type.
const DECLARATIONS: [&str; 5] = ["struct ", "enum ", "trait ", "type ", "union "];

/// This file, which has to hold the words.
const LIST: &str = "xtask/src/tidy/words.rs";

pub(super) fn check(workspace: &Path) -> Result<Vec<String>> {
    let mut paths = vec![workspace.join("README.md"), workspace.join("CONTRIBUTING.md")];
    for folder in ["crates", "fuzz", "tests", "xtask"] {
        paths.extend(files_of(&workspace.join(folder), "rs")?);
    }
    // Decisions are history: they say what was thought then.
    let docs = files_of(&workspace.join("docs"), "md")?;
    paths.extend(docs.into_iter().filter(|path| !path.starts_with(workspace.join("docs/decisions"))));
    let mut faults = Vec::new();
    for path in paths {
        let name = path.strip_prefix(workspace).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        if name != LIST {
            faults.extend(faults_of(&name, &fs::read_to_string(&path).with_context(|| name.clone())?));
        }
    }
    Ok(faults)
}

fn faults_of(name: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for (nth, line) in text.lines().enumerate() {
        let small = line.to_lowercase();
        let phrases = PHRASES.iter().filter(|(phrase, _)| holds(&small, phrase));
        let types = TYPES.iter().filter(|(word, _)| declares(line, word));
        for (word, instead) in phrases.chain(types) {
            faults.push(format!("{name}:{}: not \"{word}\", but {instead}", nth + 1));
        }
        for (idiom, instead) in IDIOMS.iter().filter(|(idiom, _)| is_word(&small, idiom)) {
            faults.push(format!("{name}:{}: not \"{idiom}\", but {instead}", nth + 1));
        }
        if says_is_no(&small) {
            faults.push(format!("{name}:{}: not \"is no X\", but \"is not a X\"", nth + 1));
        }
    }
    faults
}

/// Whether a line holds a phrase. In names of functions the words are joined by underscores.
fn holds(line: &str, phrase: &str) -> bool {
    is_word(&line.replace('_', " "), phrase)
}

/// Whether a line says that something "is no" something else.
fn says_is_no(line: &str) -> bool {
    IS_NO.iter().flat_map(|phrase| line.match_indices(phrase)).any(|(at, phrase)| {
        let before = line[..at].split_whitespace().next_back().unwrap_or_default();
        let after =
            line[at + phrase.len()..].split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        let has_subject = line[..at].ends_with(' ') && !matches!(before, "" | "//" | "///" | "//!" | "|");
        let is_there = before.rsplit(|c: char| !c.is_alphanumeric()).next() == Some("there");
        has_subject && !is_there && !AFTER_NO.contains(&after)
    })
}

/// Whether a line declares a type of this name.
fn declares(line: &str, word: &str) -> bool {
    DECLARATIONS.iter().any(|keyword| is_word(line, &format!("{keyword}{word}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_is_found_in_sentences_and_in_names() {
        let text = "//! Ends when Somebody asks.\nfn a_lock_that_somebody_holds() {}\n";
        assert_eq!(
            faults_of("a.rs", text),
            [1, 2].map(|line| format!("a.rs:{line}: not \"somebody\", but {}", PHRASES[0].1))
        );
        assert_eq!(faults_of("a.md", "Invalid if its value cannot be.\n").len(), 1);
        assert!(faults_of("a.md", "It cannot be read, which is untruthful.\n").is_empty());
    }

    #[test]
    fn what_is_no_such_thing_is_found_except_where_nothing_is_there() {
        for line in ["`x` is no number", "/// Keys that are no texts.", "| it is no table |"] {
            assert_eq!(faults_of("docs/a.md", line).len(), 1, "{line}");
        }
        for line in [
            "There is no file.",
            "format!(\"there are no rows\")",
            "it is no longer there",
            "/// is no file",
            "fn it_is_no_file()",
        ] {
            assert!(faults_of("docs/a.md", line).is_empty(), "{line}");
        }
        assert_eq!(faults_of("docs/a.md", "an empty file is of no use").len(), 1);
        assert!(faults_of("a.rs", "fn a_place_is_of_no_use() {}").is_empty());
    }

    #[test]
    fn a_type_is_found_where_it_is_declared() {
        assert_eq!(faults_of("a.rs", "pub struct Goal<'a> {\n").len(), 1);
        assert!(faults_of("a.rs", "/// Goal: fewer words.\nstruct Goals;\n").is_empty());
    }
}
