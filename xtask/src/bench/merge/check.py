"""Prints rows and content of the merged tables, for comparison: check.py DATABASE STRATEGY"""

import sys

import duckdb

database, strategy = sys.argv[1:]
connection = duckdb.connect(database, read_only=True)
active = ", _dlt_valid_to IS NULL" if strategy == "scd2" else ""
columns = "id, customer_id, status, ordered_at, total, note, address__street, address__city, address__zip"
orders = f"SELECT count(*), sum(hash({columns}{active})) FROM bench.orders"
# What a line belongs to is seen by the order that it is joined with.
lines = (
    "SELECT count(*), sum(hash(o.id, l.sku, l.quantity, l.price, l.gift, l._dlt_list_idx)) "
    "FROM bench.orders__lines AS l JOIN bench.orders AS o ON o._dlt_id = l._dlt_parent_id"
)
print(*connection.execute(orders).fetchone(), *connection.execute(lines).fetchone())
