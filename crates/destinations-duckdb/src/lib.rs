//! DuckDB as a destination.
