"""Loads the resource of pages.py with dlt, tuned, and prints seconds per stage: dlt_run.py ROWS WORK"""

import json
import os
import sys
import time

rows, work = int(sys.argv[1]), sys.argv[2]
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["DLT_DATA_DIR"] = work
# What was fastest of what its guide offers: ten files, so that two processes have the same to do, and nothing compressed
# that is read once.
os.environ["SOURCES__DATA_WRITER__FILE_MAX_ITEMS"] = str(rows // 10 + 1)
os.environ["SOURCES__DATA_WRITER__DISABLE_COMPRESSION"] = "true"
os.environ["NORMALIZE__WORKERS"] = "2"
os.environ["NORMALIZE__START_METHOD"] = "spawn"

import dlt  # noqa: E402
from pages import items  # noqa: E402


def timed(step):
    start = time.perf_counter()
    step()
    return round(time.perf_counter() - start, 3)


if __name__ == "__main__":
    to = dlt.destinations.duckdb("out.duckdb")
    pipeline = dlt.pipeline("bench", pipelines_dir=work, destination=to, dataset_name="bench")
    stages = {
        "extract": timed(lambda: pipeline.extract(items(rows), loader_file_format="parquet")),
        "normalize": timed(pipeline.normalize),
        "load": timed(pipeline.load),
    }
    print(json.dumps(stages))
