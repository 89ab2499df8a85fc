//! Local files as a source.
