//! Tests of whole commands in this process: exit codes, what is printed and what is left.

mod arguments;
mod bench;
pub(crate) mod captured;
mod failures;
mod ingesting;
mod init;
mod looking;
mod managing;
mod new_files;
mod shown;
mod working;
