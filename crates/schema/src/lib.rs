//! Types, tables, columns, hints, naming and the version hash of a schema.
