//! The three stages in one process, progress and trace.
