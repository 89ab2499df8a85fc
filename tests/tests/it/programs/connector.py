"""An Airbyte connector. Its configuration says which key the rows have."""

import json
import sys

import common


def say(kind, **message):
    sys.stdout.write(json.dumps({"type": kind, **message}) + "\n")


files = common.arguments()
with open(files["config"]) as file:
    key = json.load(file)["key"]
descriptor = {"name": "items"}
if sys.argv[1] == "discover":
    stream = {
        "name": "items",
        "json_schema": {"properties": {"id": {"type": "integer"}, "text": {"type": "string"}}},
        "supported_sync_modes": ["full_refresh", "incremental"],
        "source_defined_cursor": True,
        "default_cursor_field": ["id"],
        "source_defined_primary_key": key,
    }
    say("CATALOG", catalog={"streams": [stream]})
    sys.exit()
start = 0
if "state" in files:
    with open(files["state"]) as file:
        start = json.load(file)[0]["stream"]["stream_state"]["next"]
count = 0
for number in range(start, common.last()):
    say("RECORD", record={"stream": "items", "data": common.row(number), "emitted_at": 1700000000000})
    count += 1
    if (number + 1) % common.CHUNK == 0:
        stream = {"stream_descriptor": descriptor, "stream_state": {"next": number + 1}}
        say("STATE", state={"type": "STREAM", "stream": stream, "sourceStats": {"recordCount": float(count)}})
        count = 0
        sys.stdout.flush()
        common.perhaps_hang()
