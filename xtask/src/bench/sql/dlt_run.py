"""Loads one table with dlt's sql_database and prints seconds per stage: dlt_sql.py URL TABLE DEST BACKEND FOLDER

URL is postgresql:// or mysql://, DEST is duckdb or parquet, BACKEND is connectorx, pyarrow or sqlalchemy (what dlt takes
where nothing is said; not tuned but for the chunk). FOLDER is made anew: `out.duckdb` or Parquet files below `out`, and
dlt's own files. Timed as a whole process; the line it prints shares the time among the stages.
"""

import json
import os
import re
import shutil
import sys
import time

url, table, dest, backend, folder = sys.argv[1:]
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"
os.environ["DLT_DATA_DIR"] = os.path.join(folder, "dlt")

import dlt  # noqa: E402
from dlt.sources.sql_database import sql_table  # noqa: E402
from sqlalchemy.dialects import mysql  # noqa: E402

# What its guides offer and what was fastest here: chunks above the default 50000, arrow instead of rows, Parquet all the
# way, nothing compressed that is read once, no second process for normalize, which only links arrow's files.
dlt.config["data_writer.disable_compression"] = True
dlt.config["normalize.workers"] = 1
dlt.config["load.workers"] = 4
dlt.config["sources.data_writer.buffer_max_items"] = 200_000
CHUNK = 200_000


def doubles_stay(table):
    """SQLAlchemy takes MySQL's DOUBLE for a decimal, which dlt rounds, and with pyarrow refuses."""
    for column in table.columns:
        if isinstance(column.type, mysql.DOUBLE):
            column.type = mysql.DOUBLE(asdecimal=False)


def source():
    options = {}
    if backend == "connectorx":
        # The whole table in two parts, which are read at once; it has no chunks.
        options["backend_kwargs"] = {"return_type": "arrow", "protocol": "binary", "partition_on": "id", "partition_num": int(os.environ.get("PARTITIONS", "2"))}
    # connectorx reflects through SQLAlchemy, which needs the name of a driver that is there.
    credentials = re.sub("^mysql:", "mysql+pymysql:", url)
    return sql_table(
        credentials=credentials, table=table, backend=backend, chunk_size=CHUNK, reflection_level="full",
        table_adapter_callback=doubles_stay, **options
    )


def timed(step):
    start = time.perf_counter()
    step()
    return round(time.perf_counter() - start, 3)


if __name__ == "__main__":
    if dest == "duckdb":
        to = dlt.destinations.duckdb(os.path.join(folder, "out.duckdb"))
    else:
        to = dlt.destinations.filesystem(os.path.join(folder, "out"))
    pipeline = dlt.pipeline("bench", pipelines_dir=os.path.join(folder, "dlt", "pipelines"), destination=to, dataset_name="bench")
    stages = {
        "extract": timed(lambda: pipeline.extract(source(), loader_file_format="parquet", write_disposition="append")),
        "normalize": timed(pipeline.normalize),
        "load": timed(pipeline.load),
    }
    print(json.dumps(stages))
