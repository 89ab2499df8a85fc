"""Speaks the source protocol. `config` has the hints, what it promises, and how many rows come again."""

import json
import sys

import common


def say(**message):
    sys.stdout.write(json.dumps(message) + "\n")


config = json.loads(sys.stdin.readline())["config"]
say(type="hello", protocol=1, program="numbers 1")
say(type="resource", name="items", hints=config["hints"], resume=config["resume"])
say(type="ready")
sys.stdout.flush()
request = sys.stdin.readline()
if request:
    remembered = json.loads(request)["state"].get("resources", {}).get("items", {})
    start = remembered.get("next", 0)
    for number in range(max(0, start - config["again"]), common.last()):
        say(type="row", resource="items", row=common.row(number))
        if (number + 1) % common.CHUNK == 0 and number >= start:
            say(type="state", resource="items", set={"next": number + 1})
            say(type="checkpoint")
            sys.stdout.flush()
            common.perhaps_hang()
    say(type="end")
