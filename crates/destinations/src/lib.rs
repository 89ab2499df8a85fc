//! Registry of destinations by name.
