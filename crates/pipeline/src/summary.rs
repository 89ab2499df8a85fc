//! What a run says at its end, as text for people.

use std::fmt::{self, Display, Formatter};

use cartage_schema::{ContractEntity, Discarded};

use crate::human::{grouped, size};
use crate::report::{PackageReport, PackageState, RunReport, StageReport};

/// The summary of a run, ending with a line feed.
impl Display for RunReport {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        tables(out, self)?;
        stages(out, self)?;
        packages(out, self)?;
        remarks(out, self)?;
        target(out, self)
    }
}

fn tables(out: &mut Formatter<'_>, report: &RunReport) -> fmt::Result {
    let shown: Vec<_> = report.data_tables().collect();
    if shown.is_empty() {
        return Ok(());
    }
    let width = shown.iter().map(|(name, _)| name.len()).max().unwrap_or(0).max(5);
    writeln!(out, "{:<width$}  {:>12}", "table", "rows")?;
    for (name, rows) in shown {
        writeln!(out, "{name:<width$}  {:>12}", grouped(rows))?;
    }
    writeln!(out)
}

fn stages(out: &mut Formatter<'_>, report: &RunReport) -> fmt::Result {
    for StageReport { stage, seconds, rows, bytes } in &report.stages {
        writeln!(out, "{stage:<10} {seconds:>7.2} s  {:>12} rows  {:>9}", grouped(*rows), size(*bytes))?;
    }
    Ok(())
}

fn packages(out: &mut Formatter<'_>, report: &RunReport) -> fmt::Result {
    if report.packages.is_empty() {
        writeln!(out, "nothing to do: no new rows, and no package was pending")?;
    } else if report.data_tables().next().is_none() && report.packages.iter().all(is_loaded) {
        writeln!(out, "no rows were loaded")?;
    }
    let alike = |a: &PackageReport, b: &PackageReport| {
        let key = |package: &PackageReport| (package.schema.clone(), package.state, package.was_pending);
        key(a) == key(b) && b.new_tables.is_empty()
    };
    for packages in report.packages.chunk_by(alike) {
        let (package, last) = (&packages[0], &packages[packages.len() - 1]);
        let origin = if package.was_pending { " (left by an earlier run)" } else { "" };
        let (schema, state) = (&package.schema, &package.state);
        if packages.len() == 1 {
            writeln!(out, "package {} of schema {schema} is {state}{origin}", package.load_id)?;
        } else {
            let (count, first, last) = (packages.len(), &package.load_id, &last.load_id);
            writeln!(out, "{count} packages of schema {schema}, {first} to {last}, are {state}{origin}")?;
        }
        if !package.new_tables.is_empty() {
            writeln!(out, "  new tables: {}", package.new_tables.join(", "))?;
        }
    }
    Ok(())
}

fn is_loaded(package: &PackageReport) -> bool {
    package.state == PackageState::Loaded
}

fn remarks(out: &mut Formatter<'_>, report: &RunReport) -> fmt::Result {
    for skipped in &report.skipped {
        writeln!(out, "skipped {}.{}: {}", skipped.source, skipped.resource, skipped.reason)?;
    }
    for (table, columns) in &report.null_columns {
        writeln!(out, "only nulls in {table}, so not created: {}", columns.join(", "))?;
    }
    for discarded in &report.discarded {
        writeln!(out, "{}", left_out(discarded))?;
    }
    for (resource, rows) in &report.held_back {
        let rows = if *rows == 1 { "1 row".to_owned() } else { format!("{} rows", grouped(*rows)) };
        writeln!(
            out,
            "cursor of {resource}: {rows} at or before its last value, or out of its range, left out"
        )?;
    }
    for (table, rows) in &report.quarantined {
        writeln!(
            out,
            "quarantine: {} rows of {table} could not be used; see `cartage package show`",
            grouped(*rows)
        )?;
    }
    for job in &report.failed_jobs {
        writeln!(out, "failed job {} of package {}: {}", job.job, job.load_id, job.reason)?;
    }
    for warning in &report.warnings {
        writeln!(out, "note: {warning}")?;
    }
    Ok(())
}

/// What a contract kept out, and why.
pub fn left_out(discarded: &Discarded) -> String {
    let Discarded { table, column, entity, mode, rows, values } = discarded;
    let count = match (rows, values) {
        (rows, 0) => format!("{} rows", grouped(*rows)),
        (_, values) => format!("{} values", grouped(*values)),
    };
    let why = match (column, entity) {
        (None, _) => format!("table {table} is new"),
        (Some(column), ContractEntity::DataType) => format!("other types in {table}.{column}"),
        (Some(column), _) => format!("new column {table}.{column}"),
    };
    format!("contract: {count} discarded: {why} ({entity} = {mode})")
}

fn target(out: &mut Formatter<'_>, report: &RunReport) -> fmt::Result {
    let loaded = report.packages.iter().any(is_loaded) && report.data_tables().next().is_some();
    let Some(target) = report.target.as_ref().filter(|_| loaded) else { return Ok(()) };
    writeln!(
        out,
        "\nthe data is in {}: {}, dataset {}",
        target.destination, target.location, target.dataset
    )?;
    if let Some(look) = &target.look {
        writeln!(out, "look at it:  {look}")?;
    }
    Ok(())
}
