"""Loads the API of the bench with dlt and prints seconds per stage: dlt_rest.py URL DELAY PAGINATOR DESTINATION WORK"""

import json
import os
import sys
import time

url, delay, paginator, destination, work = sys.argv[1:]
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["DLT_DATA_DIR"] = os.path.join(work, "dlt")

import dlt  # noqa: E402
from dlt.sources.rest_api import rest_api_source  # noqa: E402

PAGINATORS = {
    "page_number": {"type": "page_number", "base_page": 0, "total_path": "total"},
    "cursor": {"type": "cursor", "cursor_path": "next_page", "cursor_param": "page"},
}


def timed(step):
    start = time.perf_counter()
    step()
    return round(time.perf_counter() - start, 3)


if __name__ == "__main__":
    source = rest_api_source(
        {
            "client": {"base_url": url},
            "resources": [
                {
                    "name": "items",
                    "endpoint": {
                        "path": "items",
                        "params": {"delay": int(delay)},
                        "paginator": PAGINATORS[paginator],
                    },
                }
            ],
        },
        name="bench",
    )
    to_files = destination == "filesystem"
    if to_files:
        place = dlt.destinations.filesystem(os.path.join(work, "dlt_lake"))
    else:
        place = dlt.destinations.duckdb(os.path.join(work, "dlt.duckdb"))
    pipeline = dlt.pipeline("bench", pipelines_dir=os.environ["DLT_DATA_DIR"], destination=place, dataset_name="bench")
    # As it is after installation, but for the format of files that is asked for.
    options = {"loader_file_format": "parquet"} if to_files else {}
    stages = {
        "extract": timed(lambda: pipeline.extract(source, **options)),
        "normalize": timed(pipeline.normalize),
        "load": timed(pipeline.load),
    }
    rows = pipeline.last_trace.last_normalize_info.row_counts["items"]
    assert rows == 50_000, rows
    print(json.dumps(stages))
