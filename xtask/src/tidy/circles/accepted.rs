//! Circles that exist. This list only becomes shorter: a new circle is taken apart, and one that is gone is deleted here.

/// Files that import each other.
pub(super) struct Accepted {
    /// The folder of the crate's source.
    pub(super) folder: &'static str,
    /// All files of the circle, sorted.
    pub(super) files: &'static [&'static str],
}

pub(super) const ACCEPTED: [Accepted; 21] = [
    // The enum of all commands holds the arguments of each, and they share some of its structs.
    Accepted {
        folder: "crates/cli/src",
        files: &["args.rs", "destination_args.rs", "manage_args.rs", "schema_args.rs", "source_args.rs"],
    },
    // Values of a row and the JSON that some of them become are read by one recursion.
    Accepted { folder: "crates/data-files/src", files: &["arrays/json.rs", "arrays/scalar.rs"] },
    // Opening a file looks for columns of this type, in the opened file.
    Accepted { folder: "crates/data-files/src", files: &["parquet/int96.rs", "parquet/open.rs"] },
    // The trait of a destination, the plan that it is handed, and what it says about itself.
    Accepted {
        folder: "crates/destinations-api/src",
        files: &["connection_check.rs", "destination.rs", "plan.rs", "state_conflict.rs"],
    },
    // A kind has capabilities, and `Capabilities::of` finds those of a kind by its name.
    Accepted { folder: "crates/destinations-api/src", files: &["capabilities/mod.rs", "kinds/mod.rs"] },
    // An engine opens its sessions, which know it, and checks itself.
    Accepted { folder: "crates/destinations-duckdb/src", files: &["check.rs", "engine.rs", "session.rs"] },
    // The memory hands the steps of a load and its running jobs to files of their own, which change it.
    Accepted { folder: "crates/destinations-null/src", files: &["engine.rs", "memory.rs", "memory_load.rs"] },
    // An engine checks itself.
    Accepted { folder: "crates/destinations-postgres/src", files: &["check.rs", "engine.rs"] },
    // Whether a load takes over is decided by the entries that its begin has read.
    Accepted { folder: "crates/destinations-sql/src", files: &["begin.rs", "take_over.rs"] },
    // One destination, `impl SqlDestination`, in four files.
    Accepted {
        folder: "crates/destinations-sql/src",
        files: &["destination.rs", "job.rs", "swap.rs", "targets.rs"],
    },
    // A scenario makes loads and looks at what they leave; test code.
    Accepted {
        folder: "crates/destinations-sql/src",
        files: &["faults/found.rs", "faults/loads.rs", "faults/scenario.rs"],
    },
    // How decimals are stored depends on the type of their column and on the cell.
    Accepted {
        folder: "crates/destinations-sqlite/src",
        files: &["decimal.rs", "schema_sql.rs", "values.rs"],
    },
    // An engine opens its sessions, which know it and load files.
    Accepted { folder: "crates/destinations-sqlite/src", files: &["engine.rs", "insert.rs", "session.rs"] },
    // Handles of packages and documents know the store that made them.
    Accepted {
        folder: "crates/package-store/src",
        files: &["documents.rs", "published.rs", "store.rs", "writer.rs"],
    },
    // What a run does takes the project, which holds what they decided.
    Accepted {
        folder: "crates/pipeline/src",
        files: &[
            "budget.rs",
            "contracts.rs",
            "error.rs",
            "extraction.rs",
            "interrupted_run.rs",
            "newest.rs",
            "project.rs",
            "schema_files.rs",
            "set_aside.rs",
            "source_input.rs",
            "stages.rs",
            "unsupported.rs",
        ],
    },
    // `impl Schema` is in several files.
    Accepted { folder: "crates/schema/src", files: &["nesting.rs", "rename.rs", "schema.rs"] },
    // The specification of a resource holds its parent, which is a resource.
    Accepted {
        folder: "crates/sources-rust/src",
        files: &["any.rs", "producer.rs", "resource.rs", "spec.rs"],
    },
    // A state is migrated as it is read.
    Accepted { folder: "crates/state/src", files: &["migrate.rs", "state.rs"] },
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
