"""Copies a database with DuckDB's own settings: copy_database.py FROM TO"""

import sys

import duckdb

source, target = sys.argv[1:]
connection = duckdb.connect()
connection.execute(f"ATTACH '{source}' AS source (READ_ONLY)")
connection.execute(f"ATTACH '{target}' AS target")
connection.execute("COPY FROM DATABASE source TO target")
connection.close()
