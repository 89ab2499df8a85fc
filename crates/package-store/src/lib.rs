//! Load packages on disk: format, staging, publish, jobs, locks and sweep.
