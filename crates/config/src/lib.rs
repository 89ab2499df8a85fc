//! Layered settings and secrets.
