//! Registry of sources by type.
