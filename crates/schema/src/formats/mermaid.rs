//! Mermaid's entity diagrams.

use super::references::Cardinality;
use crate::column::Column;
use crate::schema::Schema;

/// The diagram of all tables with a column that has a type.
pub(super) fn to_mermaid(schema: &Schema) -> String {
    let mut out = "erDiagram\n".to_owned();
    for table in schema.tables.values().filter(|table| !table.is_new()) {
        out += &format!("    {}{{\n", entity(&table.name));
        for column in table.complete_columns() {
            out += &attribute(column);
        }
        out += "}\n";
    }
    for reference in schema.references() {
        out += &format!(
            "    {} {} {} : \"{}\"\n",
            entity(&reference.table),
            arrow(reference.cardinality.unwrap_or_default()),
            entity(&reference.referenced_table),
            text(&reference.label)
        );
    }
    out
}

/// Names of other characters need quotes.
fn entity(name: &str) -> String {
    if is_word(name) { name.to_owned() } else { format!("\"{}\"", text(name)) }
}

fn is_word(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn attribute(column: &Column) -> String {
    let kind = column.data_type.map(|data_type| data_type.to_string()).unwrap_or_default();
    // Attributes take no quotes.
    let name: String =
        column.name.chars().map(|c| if c.is_alphanumeric() || "_-".contains(c) { c } else { '_' }).collect();
    let keys = [(column.primary_key, "PK"), (column.unique, "UK")];
    let keys: Vec<&str> =
        keys.into_iter().filter(|(set, _)| *set == Some(true)).map(|(_, key)| key).collect();
    let mut line = format!("    {kind} {name}");
    if !keys.is_empty() {
        line += &format!(" {}", keys.join(","));
    }
    if let Some(description) = column.description.as_ref().filter(|description| !description.is_empty()) {
        line += &format!(" \"{}\"", text(description));
    }
    line + "\n"
}

/// A text in quotes, which knows no escapes.
fn text(text: &str) -> String {
    text.chars()
        .map(|c| if c == '"' { '\'' } else { c })
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn arrow(cardinality: Cardinality) -> &'static str {
    match cardinality {
        Cardinality::OneToMany => "||--|{",
        Cardinality::ManyToOne => "}|--||",
        Cardinality::ZeroToMany => "|o--|{",
        Cardinality::ManyToZero => "}|--o|",
        Cardinality::OneToOne => "||--||",
        Cardinality::ManyToMany => "}|--|{",
        Cardinality::ZeroToOne | Cardinality::OneToZero => "|o--o|",
    }
}
