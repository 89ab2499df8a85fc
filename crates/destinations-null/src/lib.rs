//! The smallest destination: counts rows and keeps nothing.
