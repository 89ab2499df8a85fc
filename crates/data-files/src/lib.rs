//! Writers and readers of the files inside load packages.
