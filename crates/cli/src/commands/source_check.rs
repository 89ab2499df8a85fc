//! `source check`: whether the sources can be read.

use std::fmt::{self, Write};

use cartage_pipeline::{CheckedResource, SourceCheck, check_sources, grouped};

use super::{show, source_test};
use crate::config::Start;
use crate::exit;
use crate::failure::Failure;
use crate::source_args::SourceCommand;

/// Characters of the first row that are shown to people.
const ROW_CHARS: usize = 400;

pub(super) fn source(start: &Start<'_>, command: &SourceCommand) -> Result<(), Failure> {
    let args = match command {
        SourceCommand::Check(args) => args,
        SourceCommand::Test(args) => return source_test::test(start, args),
    };
    let config = start.config(&args.file.file)?;
    let report = check_sources(&config, &start.runtime(&config), &args.resources)?;
    show(start.global.format, &report, || text(&report))?;
    if report.is_good() { Ok(()) } else { Err(Failure::Code(exit::FAILURE)) }
}

fn text(report: &SourceCheck) -> Result<String, fmt::Error> {
    let mut out = String::new();
    for source in &report.sources {
        writeln!(out, "source {} of type {}", source.name, source.kind)?;
        for resource in &source.resources {
            writeln!(out)?;
            one(&mut out, resource)?;
        }
    }
    Ok(out)
}

fn one(out: &mut String, resource: &CheckedResource) -> fmt::Result {
    let CheckedResource { name, table, parent, .. } = resource;
    let what = if name == table { name.clone() } else { format!("{name}, table {table}") };
    let parent = parent.as_ref().map(|parent| format!(", asked for rows of {parent}")).unwrap_or_default();
    if let Some(error) = &resource.error {
        writeln!(out, "{what}{parent}: cannot be read")?;
        writeln!(out, "  error      {error}")?;
        return resource.hint.as_ref().map_or(Ok(()), |hint| writeln!(out, "  hint       {hint}"));
    }
    writeln!(out, "{what}{parent}: ok")?;
    for input in &resource.inputs {
        writeln!(out, "  read       {input}")?;
    }
    for finding in &resource.findings {
        let origin = if finding.found { " (found)" } else { "" };
        writeln!(out, "  {:<10} {}{origin}", finding.name, finding.value)?;
    }
    writeln!(out, "  rows       {} on the first page", grouped(resource.rows))?;
    if let Some(row) = &resource.first_row {
        writeln!(out, "  first row  {}", cut(&row.to_string()))?;
    }
    if !resource.columns.is_empty() {
        let columns = resource.columns.iter().map(|column| format!("{} {}", column.name, column.data_type));
        writeln!(out, "  columns    {}", columns.collect::<Vec<_>>().join(", "))?;
    }
    for warning in &resource.warnings {
        writeln!(out, "  warning    {warning}")?;
    }
    Ok(())
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(ROW_CHARS) {
        Some((end, _)) => format!("{} ...", &text[..end]),
        None => text.to_owned(),
    }
}
