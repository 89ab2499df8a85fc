//! The database markup language of dbdiagram and others.

use super::references::Cardinality;
use crate::column::Column;
use crate::schema::Schema;

/// All tables with a column that has a type, and the references between them.
pub(super) fn to_dbml(schema: &Schema) -> String {
    let mut out = String::new();
    let (own, data): (Vec<_>, Vec<_>) = (schema.dlt_tables().collect(), schema.data_tables().collect());
    for table in data.into_iter().chain(own).filter(|table| !table.is_new()) {
        out += &format!("Table {} {{\n", name(&table.name));
        for column in table.complete_columns() {
            out += &line(column);
        }
        if let Some(description) = table.description.as_ref().filter(|description| !description.is_empty()) {
            out += &format!("    Note: {}\n", text(description));
        }
        out += "}\n\n";
    }
    for reference in schema.references() {
        out += &format!(
            "Ref {{\n    {} {} {}\n}}\n\n",
            end(&reference.table, &reference.columns),
            sign(reference.cardinality),
            end(&reference.referenced_table, &reference.referenced_columns)
        );
    }
    out.truncate(out.trim_end().len());
    out + "\n"
}

fn line(column: &Column) -> String {
    let mut kind = column.data_type.map(|data_type| data_type.to_string()).unwrap_or_default();
    match (column.precision, column.scale) {
        (Some(precision), Some(scale)) => kind += &format!("({precision},{scale})"),
        (Some(precision), None) => kind += &format!("({precision})"),
        _ => {}
    }
    let mut settings = Vec::new();
    for (set, word) in [
        (column.primary_key == Some(true), "pk"),
        (column.unique == Some(true), "unique"),
        (!column.is_nullable(), "not null"),
    ] {
        settings.extend(set.then(|| word.to_owned()));
    }
    let description = column.description.as_ref().filter(|description| !description.is_empty());
    settings.extend(description.map(|description| format!("note: {}", text(description))));
    let settings = if settings.is_empty() { String::new() } else { format!(" [{}]", settings.join(", ")) };
    format!("    {} {kind}{settings}\n", name(&column.name))
}

fn name(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

fn text(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace(['\n', '\r'], " "))
}

fn end(table: &str, columns: &[String]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| name(column)).collect();
    match columns.as_slice() {
        [one] => format!("{}.{one}", name(table)),
        several => format!("{}.({})", name(table), several.join(", ")),
    }
}

/// Where it is not known how many rows belong together, the sign that promises the least.
fn sign(cardinality: Option<Cardinality>) -> &'static str {
    match cardinality {
        Some(Cardinality::ManyToOne | Cardinality::ManyToZero) => ">",
        Some(Cardinality::OneToMany | Cardinality::ZeroToMany) => "<",
        Some(Cardinality::OneToOne | Cardinality::ZeroToOne | Cardinality::OneToZero) => "-",
        Some(Cardinality::ManyToMany) | None => "<>",
    }
}
