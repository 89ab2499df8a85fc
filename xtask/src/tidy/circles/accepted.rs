//! Circles that exist. This list only becomes shorter: a new circle is taken apart, and one that is gone is deleted here.

/// Files that import each other.
pub(super) struct Accepted {
    /// The folder of the crate's source.
    pub(super) folder: &'static str,
    /// All files of the circle, sorted.
    pub(super) files: &'static [&'static str],
}

pub(super) const ACCEPTED: [Accepted; 5] = [
    // The enum of all commands holds the arguments of each, and they share some of its structs.
    Accepted {
        folder: "crates/cli/src",
        files: &["args.rs", "destination_args.rs", "manage_args.rs", "schema_args.rs", "source_args.rs"],
    },
    // Values of a row and the JSON that some of them become are read by one recursion.
    Accepted { folder: "crates/data-files/src", files: &["arrays/json.rs", "arrays/scalar.rs"] },
    // The server hands requests to its parts, which answer with its types; test code.
    Accepted {
        folder: "crates/test-support/src",
        files: &[
            "rest/api.rs",
            "rest/auth.rs",
            "rest/failing.rs",
            "rest/github.rs",
            "rest/repository.rs",
            "rest/server.rs",
        ],
    },
    // Arrays hold arrays; test code.
    Accepted { folder: "tests/src", files: &["losses/arrays.rs", "losses/nested.rs"] },
    // A search tells the judge what it found; test code.
    Accepted { folder: "tests/src", files: &["losses/judge.rs", "losses/search.rs"] },
];
