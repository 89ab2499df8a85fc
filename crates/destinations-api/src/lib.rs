//! Destination traits, capabilities, error kinds, SQL generation and the conformance suite.
