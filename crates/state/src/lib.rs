//! Pipeline state: document, version hash and codec.
