//! Which delimiters the files of a resource turned out to have.

use crate::csv::named;

/// Files by the delimiter that they showed, where it is not the usual one.
#[derive(Debug, Default)]
pub(crate) struct Delimiters {
    found: Vec<Found>,
}

#[derive(Debug)]
struct Found {
    delimiter: u8,
    first_file: String,
    files: u64,
}

impl Delimiters {
    /// Counts a file.
    pub(crate) fn note(&mut self, delimiter: Option<u8>, file: &str) {
        let Some(delimiter) = delimiter else { return };
        match self.found.iter_mut().find(|found| found.delimiter == delimiter) {
            Some(found) => found.files += 1,
            None => self.found.push(Found { delimiter, first_file: file.to_owned(), files: 1 }),
        }
    }

    /// What was found, a line for each delimiter.
    pub(crate) fn notes(&self) -> impl Iterator<Item = String> {
        self.found.iter().map(|Found { delimiter, first_file, files }| {
            let delimiter = named(*delimiter);
            let files = match files - 1 {
                0 => first_file.clone(),
                1 => format!("{first_file} and 1 other file"),
                others => format!("{first_file} and {others} other files"),
            };
            format!("fields of {files} are separated by {delimiter}, as the first records show")
        })
    }
}
