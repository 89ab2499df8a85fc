"""Loads one JSONL file with dlt and prints seconds per stage: dlt_run.py FILE DATABASE TABLE WORK tuned|default"""

import json
import os
import sys
import time

file, database, table, work, mode = sys.argv[1:]
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["DLT_DATA_DIR"] = work
if mode == "tuned":
    os.environ["DATA_WRITER__FILE_MAX_ITEMS"] = "100000"
    os.environ["NORMALIZE__WORKERS"] = "2"
    os.environ["NORMALIZE__START_METHOD"] = "spawn"

import dlt  # noqa: E402
from dlt.common import json as dlt_json  # noqa: E402


@dlt.resource(name=table, write_disposition="append")
def rows():
    page = []
    with open(file, "rb") as lines:
        for line in lines:
            page.append(dlt_json.loadb(line))
            if len(page) == 5000:
                yield page
                page = []
    if page:
        yield page


def timed(step):
    start = time.perf_counter()
    step()
    return round(time.perf_counter() - start, 3)


if __name__ == "__main__":
    pipeline = dlt.pipeline("bench", pipelines_dir=work, destination=dlt.destinations.duckdb(database), dataset_name="bench")
    load_options = {"loader_file_format": "parquet"} if mode == "tuned" else {}
    stages = {
        "extract": timed(lambda: pipeline.extract(rows(), **load_options)),
        "normalize": timed(pipeline.normalize),
        "load": timed(pipeline.load),
    }
    print(json.dumps(stages))
