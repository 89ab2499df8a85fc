"""Merges the tables in schema `stage` with SQL as one writes it for DuckDB: by_hand.py DATABASE STRATEGY"""

import sys

import duckdb

DELETE_INSERT = """
DELETE FROM bench.orders__lines WHERE _dlt_root_id IN (SELECT _dlt_id FROM bench.orders SEMI JOIN stage.orders USING (id));
DELETE FROM bench.orders WHERE id IN (SELECT id FROM stage.orders);
INSERT INTO bench.orders BY NAME FROM stage.orders;
INSERT INTO bench.orders__lines BY NAME FROM stage.orders__lines;
"""

# `MERGE INTO` writes all columns of all row groups anew and takes longer.
UPSERT = """
DELETE FROM bench.orders__lines WHERE _dlt_root_id IN (SELECT _dlt_id FROM stage.orders);
DELETE FROM bench.orders WHERE id IN (SELECT id FROM stage.orders);
INSERT INTO bench.orders BY NAME FROM stage.orders;
INSERT INTO bench.orders__lines BY NAME FROM stage.orders__lines;
"""

MERGE_INTO = """
MERGE INTO bench.orders USING stage.orders USING (id) WHEN MATCHED THEN UPDATE BY NAME WHEN NOT MATCHED THEN INSERT BY NAME;
MERGE INTO bench.orders__lines USING stage.orders__lines USING (_dlt_id)
    WHEN MATCHED THEN UPDATE BY NAME WHEN NOT MATCHED THEN INSERT BY NAME;
DELETE FROM bench.orders__lines WHERE _dlt_root_id IN (SELECT _dlt_id FROM stage.orders)
    AND _dlt_id NOT IN (SELECT _dlt_id FROM stage.orders__lines);
"""

# `NOT IN` takes twice as long as `NOT EXISTS`.
SCD2 = """
SET VARIABLE boundary = now();
UPDATE bench.orders SET _dlt_valid_to = getvariable('boundary') WHERE _dlt_valid_to IS NULL
    AND id IN (SELECT id FROM stage.orders)
    AND NOT EXISTS (FROM stage.orders AS s WHERE s._dlt_id = bench.orders._dlt_id);
INSERT INTO bench.orders BY NAME SELECT *, getvariable('boundary') AS _dlt_valid_from, NULL AS _dlt_valid_to FROM stage.orders AS s
    WHERE NOT EXISTS (FROM bench.orders AS d WHERE d._dlt_id = s._dlt_id AND d._dlt_valid_to IS NULL);
INSERT INTO bench.orders__lines BY NAME FROM stage.orders__lines AS s
    WHERE NOT EXISTS (FROM bench.orders__lines AS d WHERE d._dlt_id = s._dlt_id);
"""

SCRIPTS = {"delete-insert": DELETE_INSERT, "upsert": UPSERT, "merge-into": MERGE_INTO, "scd2": SCD2}

database, strategy = sys.argv[1:]
connection = duckdb.connect(database)
connection.execute(f"BEGIN; {SCRIPTS[strategy]} COMMIT;")
connection.close()
