"""Copies one JSONL file into Parquet with DuckDB: parquet_run.py FILE FOLDER TABLE plain|orders"""

import os
import sys

import duckdb

file, folder, table, kind = sys.argv[1:]
source = f"read_json_auto({file!r}, format = 'newline_delimited', maximum_object_size = 134217728)"


def copy(query, name):
    duckdb.execute(f"COPY ({query}) TO '{os.path.join(folder, name)}.parquet' (FORMAT parquet)")


if kind == "orders":
    # What a person would write by hand for the two tables, with a key between them.
    copy(f"SELECT * EXCLUDE (lines) FROM {source}", table)
    copy(f"SELECT id AS order_id, unnest(lines, recursive := true) FROM {source}", f"{table}__lines")
else:
    copy(f"SELECT * FROM {source}", table)
