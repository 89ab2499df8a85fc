//! What a load in flight writes down about itself, so that each part of it happens once: the names of its entries.
//!
//! Where they are kept is the destination's business: SQL databases have a table for them
//! (`cartage-destinations-sql`), the destination in memory a set.

/// Entry that says that a load is in flight: the first one that it writes, gone once it is complete or
/// another load of the pipeline has taken over.
pub const BEGUN: &str = "begun";

/// Entry of the tables that a refresh drops.
pub const DROP: &str = "drop";
/// Entry of the tables that are emptied before the first job.
pub const TRUNCATE: &str = "truncate";
/// Entry of the columns that get wider types.
pub const WIDEN: &str = "widen";

/// Entry of one job.
pub fn job_entry(job_id: &str) -> String {
    format!("job:{job_id}")
}

/// Entry of the follow-up of one chain.
pub fn follow_up_entry(root: &str) -> String {
    format!("follow-up:{root}")
}

/// Entry that says that what the follow-up of a chain inserts is there, and what it removes is gone: at destinations
/// without transactions, which do the rest afterwards.
pub fn prepared_entry(root: &str) -> String {
    format!("prepared:{root}")
}

/// Entry that says that a staged table was made for this load.
pub fn staged_entry(staged_table: &str) -> String {
    format!("{STAGED_PREFIX}{staged_table}")
}

/// Start of the entries that [`staged_entry`] makes.
pub const STAGED_PREFIX: &str = "staged:";

/// Entry of a table whose row ids become unique at the end of the load.
pub fn late_key_entry(table: &str) -> String {
    format!("{LATE_KEY_PREFIX}{table}")
}

/// Start of the entries that [`late_key_entry`] makes.
pub const LATE_KEY_PREFIX: &str = "late-key:";
