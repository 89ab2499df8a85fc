//! Packages in normalized/ to a destination.
