//! Which crate may depend on which: the layers of `docs/ARCHITECTURE.md` as a table.

use cargo_metadata::{DependencyKind, Metadata, Package};

/// A crate of ours and those of ours that it may use, all without the prefix `cartage-`.
/// A crate that is in neither this table nor among the destinations may not exist.
const MAY_USE: [(&str, &[&str]); 29] = [
    ("runtime", &[]),
    ("values", &[]),
    ("schema", &["values"]),
    ("state", &[]),
    ("config", &["runtime"]),
    ("package-store", &["runtime"]),
    ("data-files", &["runtime", "values"]),
    ("source-api", &["data-files", "runtime", "schema", "state", "values"]),
    ("row-readers", &["source-api"]),
    ("incremental", &["data-files", "row-readers", "schema", "source-api", "state", "values"]),
    (
        "extract",
        &["data-files", "incremental", "package-store", "runtime", "schema", "source-api", "state", "values"],
    ),
    ("normalize", &["data-files", "package-store", "runtime", "schema", "state", "values"]),
    ("load", &["destinations-api", "package-store", "runtime", "schema", "state"]),
    ("destinations-api", &["config", "runtime", "schema", "state", "values"]),
    ("sql-client", &["config"]),
    ("object-storage", &["config", "runtime"]),
    ("destinations-sql", &["destinations-api", "runtime", "schema", "sql-client", "values"]),
    (
        "sources-files",
        &[
            "config",
            "data-files",
            "object-storage",
            "row-readers",
            "runtime",
            "schema",
            "source-api",
            "values",
        ],
    ),
    ("sources-rust", &["row-readers", "runtime", "schema", "source-api"]),
    ("sources-process", &["config", "row-readers", "runtime", "schema", "source-api", "state"]),
    ("sources-rest", &["config", "row-readers", "runtime", "source-api"]),
    ("sources-sql", &["config", "runtime", "schema", "source-api", "sql-client", "values"]),
    (
        "sources",
        &[
            "config",
            "object-storage",
            "runtime",
            "schema",
            "source-api",
            "sources-files",
            "sources-process",
            "sources-rest",
            "sources-sql",
        ],
    ),
    (
        "pipeline",
        &[
            "config",
            "data-files",
            "destinations-api",
            "extract",
            "load",
            "normalize",
            "package-store",
            "runtime",
            "schema",
            "source-api",
            "sources",
            "state",
        ],
    ),
    (
        "cli",
        &["config", "destinations-api", "package-store", "pipeline", "runtime", "schema", "sources", "state"],
    ),
    (
        "cartage",
        &[
            "cli",
            "config",
            "data-files",
            "destinations",
            "destinations-api",
            "extract",
            "load",
            "normalize",
            "package-store",
            "pipeline",
            "runtime",
            "schema",
            "source-api",
            "sources",
            "sources-rest",
            "sources-rust",
            "state",
            "values",
        ],
    ),
    ("test-support", &["package-store", "runtime", "schema"]),
    ("tests", &["test-support"]),
    ("xtask", &["package-store", "runtime", "test-support"]),
];

/// What a destination may use, whichever it is.
const DESTINATION_MAY_USE: [&str; 8] = [
    "destinations-api",
    "destinations-sql",
    "object-storage",
    "runtime",
    "schema",
    "sql-client",
    "state",
    "values",
];

const STAGES: [&str; 3] = ["extract", "normalize", "load"];

/// Crates that may link DuckDB: the destination, and the tests that look into its files.
const MAY_LINK_DUCKDB: [&str; 3] = ["destinations-duckdb", "sources-sql", "tests"];

pub(super) fn check(metadata: &Metadata) -> Vec<String> {
    metadata.workspace_packages().into_iter().flat_map(of_package).collect()
}

fn of_package(package: &Package) -> Vec<String> {
    let name = short(&package.name);
    if !MAY_USE.iter().any(|(known, _)| *known == name) && !is_destination(name) && name != "destinations" {
        return vec![format!("{}: not in the table of xtask/src/tidy/directions.rs", package.name)];
    }
    let mut faults = Vec::new();
    for dependency in &package.dependencies {
        let ours = dependency.path.is_some();
        let other = short(&dependency.name);
        let in_tests = dependency.kind == DependencyKind::Development;
        let stages = STAGES.contains(&name) && STAGES.contains(&other);
        let foreign = ours && !in_tests && !may_use(name, other);
        if other != name && (foreign || (ours && stages)) {
            faults.push(format!("{} may not depend on {}", package.name, dependency.name));
        }
        if dependency.name == "duckdb" && !MAY_LINK_DUCKDB.contains(&name) {
            faults.push(format!("{} may not link DuckDB", package.name));
        }
        if !ours && dependency.name == "cartage-destinations-duckdb" {
            faults.push(format!("{}: use the crate of the workspace", package.name));
        }
    }
    faults
}

fn may_use(name: &str, other: &str) -> bool {
    match MAY_USE.iter().find(|(known, _)| *known == name) {
        Some((_, may_use)) => may_use.contains(&other),
        None if name == "destinations" => {
            is_destination(other) || ["destinations-api", "config"].contains(&other)
        }
        None => DESTINATION_MAY_USE.contains(&other),
    }
}

/// Whether a crate is a destination of its own, which only the registry may use.
fn is_destination(name: &str) -> bool {
    name.starts_with("destinations-") && !["destinations-api", "destinations-sql"].contains(&name)
}

fn short(name: &str) -> &str {
    name.strip_prefix("cartage-").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_do_not_use_each_other_and_nothing_light_uses_a_destination() {
        for (name, may_use) in MAY_USE {
            if STAGES.contains(&name) {
                assert!(!STAGES.iter().any(|stage| may_use.contains(stage)), "{name}");
            }
            let names_destinations = may_use.iter().any(|other| is_destination(other));
            assert!(!names_destinations, "{name}");
        }
    }

    #[test]
    fn sources_and_what_they_are_made_of_use_no_stage() {
        let below_stages = ["incremental", "row-readers", "source-api", "sources"];
        for (name, may_use) in MAY_USE {
            if below_stages.contains(&name) || name.starts_with("sources-") {
                assert!(!STAGES.iter().any(|stage| may_use.contains(stage)), "{name}");
            }
        }
    }

    #[test]
    fn the_table_has_no_cycle() {
        fn depth(name: &str, left: usize) -> usize {
            assert!(left > 0, "a cycle goes through {name}");
            let listed = MAY_USE.iter().find(|(known, _)| *known == name);
            // The registry uses destinations, and what they may use beside.
            let may_use = listed.map_or(&DESTINATION_MAY_USE[..], |(_, may_use)| may_use);
            may_use.iter().map(|other| depth(other, left - 1) + 1).max().unwrap_or(0)
        }
        for (name, _) in MAY_USE {
            depth(name, MAY_USE.len());
        }
    }
}
