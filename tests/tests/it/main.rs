//! End-to-end tests of the real binaries, on real files, as a user runs them.

mod bad_input;
mod damage;
mod disk;
mod dlt;
mod guides;
mod kill;
mod locks;
mod oracle;
mod signals;
mod stages;
mod tour;
mod two_machines;
