"""Loads one JSONL file with DuckDB's own reader: duckdb_run.py FILE DATABASE TABLE plain|orders"""

import sys

import duckdb

file, database, table, kind = sys.argv[1:]
connection = duckdb.connect(database)
source = "read_json_auto($file, format = 'newline_delimited', maximum_object_size = 134217728)"
if kind == "orders":
    # What a person would write by hand for the two tables, with a key between them.
    connection.execute(f"CREATE TEMP VIEW source AS SELECT * FROM {source.replace('$file', repr(file))}")
    connection.execute(f"CREATE TABLE {table} AS SELECT * EXCLUDE (lines) FROM source")
    connection.execute(f"CREATE TABLE {table}__lines AS SELECT id AS order_id, unnest(lines, recursive := true) FROM source")
else:
    connection.execute(f"CREATE TABLE {table} AS SELECT * FROM {source.replace('$file', repr(file))}")
connection.close()
