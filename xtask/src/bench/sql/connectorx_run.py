"""Loads one table with connectorx alone and prints seconds per stage: connectorx_run.py URL TABLE DEST FOLDER [PARTITIONS]

DEST is duckdb (a table in FOLDER/out.duckdb) or parquet (FOLDER/TABLE.parquet, written by pyarrow). The table needs a
column `id`, by which it is parted.
"""

import json
import os
import shutil
import sys
import time

import connectorx

url, table, dest, folder = sys.argv[1:5]
partitions = int(sys.argv[5]) if len(sys.argv) > 5 else 2
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
url = url.replace("mysql+pymysql://", "mysql://")

start = time.perf_counter()
rows = connectorx.read_sql(url, f"SELECT * FROM {table}", return_type="arrow", protocol="binary", partition_on="id", partition_num=partitions)
read = time.perf_counter()
if dest == "duckdb":
    import duckdb

    connection = duckdb.connect(os.path.join(folder, "out.duckdb"))
    connection.execute(f'CREATE TABLE "{table}" AS SELECT * FROM rows')
    connection.close()
else:
    import pyarrow.parquet

    pyarrow.parquet.write_table(rows, os.path.join(folder, f"{table}.parquet"))
end = time.perf_counter()
print(json.dumps({"read": round(read - start, 3), "write": round(end - read, 3)}))
