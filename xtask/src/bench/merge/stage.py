"""Copies the rows of a batch between database files: stage.py take|give DATABASE FILE STRATEGY

`take` finds what a merge has brought and keeps it, `give` makes the tables that the hand-written SQL reads."""

import sys

import duckdb

mode, database, file, strategy = sys.argv[1:]
connection = duckdb.connect(database)
if mode == "take":
    connection.execute(f"ATTACH '{file}' AS kept")
    connection.execute("CREATE SCHEMA kept.stage")
    without = "EXCLUDE (_dlt_valid_from, _dlt_valid_to)" if strategy == "scd2" else ""
    newest = "_dlt_load_id = (SELECT max(load_id) FROM bench._dlt_loads)"
    connection.execute(f"CREATE TABLE kept.stage.orders AS SELECT * {without} FROM bench.orders WHERE {newest}")
    connection.execute(
        "CREATE TABLE kept.stage.orders__lines AS SELECT * FROM bench.orders__lines "
        "WHERE _dlt_parent_id IN (SELECT _dlt_id FROM kept.stage.orders)"
    )
else:
    connection.execute(f"ATTACH '{file}' AS kept (READ_ONLY)")
    connection.execute("CREATE SCHEMA stage")
    for table in ("orders", "orders__lines"):
        connection.execute(f"CREATE TABLE stage.{table} AS FROM kept.stage.{table}")
connection.close()
