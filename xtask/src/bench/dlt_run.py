"""Loads one JSONL file with dlt and prints seconds per stage: dlt_run.py FILE PLACE TABLE WORK tuned|default

PLACE is a DuckDB file, postgresql://..., mysql+pymysql://..., sqlite:///..., or a folder, which gets Parquet.
"""

import json
import os
import sys
import time

file, place, table, work, mode = sys.argv[1:]
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["DLT_DATA_DIR"] = work
PAGE = 5000
if mode == "tuned":
    # What was fastest of what its guide offers: large pages, ten files, so that two processes have the same to do, and
    # nothing compressed that is read once.
    with open(file, "rb") as lines:
        count = sum(1 for _ in lines)
    PAGE = 10000
    os.environ["SOURCES__DATA_WRITER__FILE_MAX_ITEMS"] = str(count // 10 + 1)
    os.environ["SOURCES__DATA_WRITER__DISABLE_COMPRESSION"] = "true"
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
            if len(page) == PAGE:
                yield page
                page = []
    if page:
        yield page


def timed(step):
    start = time.perf_counter()
    step()
    return round(time.perf_counter() - start, 3)


def destination():
    """The destination with the format that it loads fastest."""
    if place.startswith("postgresql://"):
        return dlt.destinations.postgres(place), "csv"
    if place.startswith(("sqlite:///", "mysql+pymysql://")):
        return dlt.destinations.sqlalchemy(place), "parquet"
    if os.path.isdir(place):
        return dlt.destinations.filesystem(place), "parquet"
    return dlt.destinations.duckdb(place), "parquet"


if __name__ == "__main__":
    to, fastest = destination()
    pipeline = dlt.pipeline("bench", pipelines_dir=work, destination=to, dataset_name="bench")
    load_options = {"loader_file_format": fastest} if mode == "tuned" else {}
    stages = {
        "extract": timed(lambda: pipeline.extract(rows(), **load_options)),
        "normalize": timed(pipeline.normalize),
        "load": timed(pipeline.load),
    }
    print(json.dumps(stages))
