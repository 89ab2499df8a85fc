"""Prints how many rows a table of a DuckDB file has: count_rows.py DATABASE SCHEMA TABLE"""

import sys

import duckdb

database, schema, table = sys.argv[1:]
connection = duckdb.connect(database, read_only=True)
print(connection.execute(f'SELECT count(*) FROM "{schema}"."{table}"').fetchone()[0])
