//! Helpers of our tests.
