//! How to continue when a command fails and packages are pending: in the words of the command that was used.

use std::path::Path;

use cartage_pipeline::{Kind, PipelineError, Project};

use crate::failure::Failure;

/// The command that is to be used again.
#[derive(Clone, Copy, Debug)]
pub(super) enum Again<'a> {
    /// One that takes the file of a pipeline.
    File(&'a Path),
    /// `ingest`, which takes no file of a pipeline.
    Ingest,
}

impl Again<'_> {
    /// The error with what to do about the packages that it leaves, if there are any.
    pub(super) fn after(self, project: &Project, error: PipelineError) -> Failure {
        // A process that is at work now has finished or reported an error by then.
        if error.kind() == Kind::Locked {
            return error.into();
        }
        let pending: Vec<String> =
            project.pending().unwrap_or_default().iter().map(ToString::to_string).collect();
        match pending.as_slice() {
            [] => error.into(),
            [one] => Failure::Pending(error, self.advice(&format!("package {one} is pending"), "it")),
            more => Failure::Pending(
                error,
                self.advice(&format!("packages {} are pending", more.join(", ")), "them"),
            ),
        }
    }

    fn advice(self, waiting: &str, them: &str) -> String {
        match self {
            Self::File(file) => {
                let file = quoted(file);
                format!(
                    "{waiting}: `cartage run {file}` continues with {them}; `cartage abort {file}` drops {them}, and \
                     the next run extracts again"
                )
            }
            Self::Ingest => format!(
                "{waiting}: the same command continues with {them}; with --abort it first drops {them} and \
                 extracts again"
            ),
        }
    }
}

/// The path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |letter: char| letter.is_alphanumeric() || "/._-+,:=@%".contains(letter);
    if !text.is_empty() && text.chars().all(is_plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_is_in_the_words_of_the_command() {
        let file = Again::File(Path::new("my shop.toml")).advice("package 1.5 is pending", "it");
        assert!(file.contains("`cartage abort 'my shop.toml'` drops it"), "{file}");
        let ingest = Again::Ingest.advice("packages 1.5, 2.5 are pending", "them");
        assert!(ingest.contains("--abort") && !ingest.contains("cartage abort"), "{ingest}");
    }
}
