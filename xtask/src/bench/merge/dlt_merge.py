"""Merges one JSONL file with dlt: dlt_merge.py FILE DATABASE WORK STRATEGY attach|tuned|default

`attach` only restores schema and state from the dataset; the others print seconds per stage. `tuned` writes
Parquet, rotates files and normalizes with two workers; `default` is dlt as it is after installation."""

import json
import os
import sys
import time

file, database, work, strategy, mode = sys.argv[1:]
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["DLT_DATA_DIR"] = work
if mode == "tuned":
    os.environ["DATA_WRITER__FILE_MAX_ITEMS"] = "100000"
    os.environ["NORMALIZE__WORKERS"] = "2"
    os.environ["NORMALIZE__START_METHOD"] = "spawn"

import dlt  # noqa: E402
from dlt.common import json as dlt_json  # noqa: E402


@dlt.resource(
    name="orders",
    primary_key="id",
    merge_key="id" if strategy == "scd2" else None,
    write_disposition={"disposition": "merge", "strategy": strategy},
)
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


@dlt.source(name="bench")
def source():
    return rows()


def timed(step):
    start = time.perf_counter()
    step()
    return round(time.perf_counter() - start, 3)


if __name__ == "__main__":
    pipeline = dlt.pipeline("bench", pipelines_dir=work, destination=dlt.destinations.duckdb(database), dataset_name="bench")
    if mode == "attach":
        pipeline.sync_destination()
        assert "bench" in pipeline.schemas, "dlt does not know the dataset"
    else:
        file_format = "parquet" if mode == "tuned" else None
        stages = {
            "extract": timed(lambda: pipeline.extract(source(), loader_file_format=file_format)),
            "normalize": timed(pipeline.normalize),
            "load": timed(pipeline.load),
        }
        print(json.dumps(stages))
