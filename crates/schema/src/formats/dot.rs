//! Graphs for Graphviz: a table is a node with a row for each column, a reference is an edge.

use crate::schema::Schema;
use crate::table::Table;

const LINE: &str = "#44546a";
const HEAD: &str = "#d9e2f3";

/// The graph of all tables with a column that has a type.
pub(super) fn to_dot(schema: &Schema) -> String {
    let mut out = format!("digraph {} {{\n", text(&schema.name));
    out += "    graph [rankdir=LR, fontname=\"helvetica\"];\n";
    out += "    node [shape=plain, fontname=\"helvetica\"];\n";
    out += &format!("    edge [fontname=\"helvetica\", fontsize=9, color=\"{LINE}\"];\n\n");
    for table in schema.tables.values().filter(|table| !table.is_new()) {
        out += &node(table);
    }
    for reference in schema.references() {
        // A reference of several columns is drawn from the first one.
        let port = |table: &str, column: Option<&String>| {
            let columns = schema.tables.get(table).into_iter().flat_map(Table::complete_columns);
            let position = columns.zip(1..).find(|(known, _)| Some(&known.name) == column);
            format!("{}:f{}", text(table), position.map_or(0, |(_, position)| position))
        };
        out += &format!(
            "    {} -> {} [label={}];\n",
            port(&reference.table, reference.columns.first()),
            port(&reference.referenced_table, reference.referenced_columns.first()),
            text(&reference.label)
        );
    }
    out + "}\n"
}

fn node(table: &Table) -> String {
    let mut out = format!("    {} [", text(&table.name));
    if let Some(description) = table.description.as_ref().filter(|description| !description.is_empty()) {
        out += &format!("tooltip={}, ", text(description));
    }
    out += &format!(
        "label=<\n        <table border=\"0\" cellborder=\"1\" cellspacing=\"0\" cellpadding=\"4\" color=\"{LINE}\">\n\
         \x20       <tr><td port=\"f0\" bgcolor=\"{HEAD}\" colspan=\"2\"><b>{}</b></td></tr>\n",
        html(&table.name)
    );
    for (column, position) in table.complete_columns().zip(1..) {
        let name = if column.primary_key == Some(true) {
            format!("<u>{}</u>", html(&column.name))
        } else {
            html(&column.name)
        };
        let kind = column.data_type.map(|data_type| data_type.to_string()).unwrap_or_default();
        let not_null = if column.is_nullable() { "" } else { " not null" };
        out += &format!(
            "        <tr><td port=\"f{position}\" align=\"left\">{name}</td>\
             <td align=\"left\">{kind}{not_null}</td></tr>\n"
        );
    }
    out + "        </table>>];\n\n"
}

fn text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace(['\n', '\r'], " "))
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
