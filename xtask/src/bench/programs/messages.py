"""Prints the messages of a Singer tap: messages.py ROWS"""

import json
import sys

rows = int(sys.argv[1])


def say(**message):
    sys.stdout.write(json.dumps(message, separators=(",", ":")) + "\n")


properties = {
    "id": {"type": "integer"},
    "name": {"type": ["null", "string"]},
    "amount": {"type": ["null", "number"]},
    "is_active": {"type": ["null", "boolean"]},
    "created_at": {"type": ["null", "string"], "format": "date-time"},
    "note": {"type": ["null", "string"]},
}
say(type="SCHEMA", stream="items", key_properties=["id"], schema={"type": "object", "properties": properties})
for number in range(rows):
    record = {
        "id": number,
        "name": f"customer {number}",
        "amount": number * 0.25,
        "is_active": number % 3 == 0,
        "created_at": f"2024-05-06T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}.123456Z",
        "note": f"note {number % 1000}" if number % 4 else None,
    }
    say(type="RECORD", stream="items", record=record)
    if number % 10_000 == 9_999:
        say(type="STATE", value={"bookmarks": {"items": {"id": number}}})
