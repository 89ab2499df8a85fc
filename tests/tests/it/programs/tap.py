"""A Singer tap. Its configuration says which key the rows have: with one, the last row of a run comes again."""

import json
import sys

import common


def say(**message):
    sys.stdout.write(json.dumps(message) + "\n")


files = common.arguments()
with open(files["config"]) as file:
    key = json.load(file)["key"]
schema = {"properties": {"id": {"type": "integer"}, "text": {"type": "string"}, "list": {"type": "array"}}}
if "--discover" in sys.argv:
    stream = {"tap_stream_id": "items", "stream": "items", "key_properties": key, "schema": schema}
    print(json.dumps({"streams": [stream]}))
    sys.exit()
start = 0
if "state" in files:
    with open(files["state"]) as file:
        start = json.load(file)["bookmarks"]["items"]["next"]
say(type="SCHEMA", stream="items", schema=schema, key_properties=key)
for number in range(max(0, start - 1) if key else start, common.last()):
    say(type="RECORD", stream="items", record=common.row(number))
    if (number + 1) % common.CHUNK == 0 and number >= start:
        say(type="STATE", value={"bookmarks": {"items": {"next": number + 1}}})
        sys.stdout.flush()
        common.perhaps_hang()
