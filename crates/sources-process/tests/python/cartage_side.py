"""Plays Cartage: starts the module, speaks the protocol with it, and decodes what it says."""

import base64
import datetime
import decimal
import json
import os
import queue
import subprocess
import sys
import threading
import time
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
WORKSPACE = os.path.abspath(os.path.join(HERE, "../../../.."))
MODULE = os.path.join(WORKSPACE, "crates/sources-process/src/python/cartage_source")
FIXTURES = os.path.join(WORKSPACE, "fixtures/python")

READ = {
    "\uf026": decimal.Decimal,
    "\uf027": datetime.datetime.fromisoformat,
    "\uf028": datetime.date.fromisoformat,
    "\uf029": uuid.UUID,
    "\uf02a": lambda text: bytes.fromhex(text[2:]),
    "\uf02b": base64.b64decode,
    "\uf02c": lambda text: ("wei", text),
    "\uf02d": datetime.time.fromisoformat,
    "\uf02e": str,
}


def typed(value):
    if isinstance(value, dict):
        return {key: typed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [typed(inner) for inner in value]
    if isinstance(value, str) and value[:1] in READ and value:
        return READ[value[0]](value[1:])
    return value


def rows_of(form, payload):
    """Rows of JSON as they stand in a message, texts with their types in front."""
    assert payload.endswith(b"\n")
    for line in payload[:-1].split(b"\n"):
        found = json.loads(line)
        assert isinstance(found, dict), found
        if form == "jsonl":
            yield found
            continue
        columns = []
        for key, values in found.items():
            mark, name = (key[0], key[1:]) if key[:1] in READ and key else ("", key)
            columns.append([(name, mark + value if isinstance(value, str) else value) for value in values])
        assert len({len(column) for column in columns}) == 1, found
        yield from map(dict, zip(*columns))


class Session:
    """A running module."""

    def __init__(self, config, cwd=FIXTURES, python=sys.executable, env=None, pipeline="fixture", source="py", start=None):
        environment = {**os.environ, **(env or {})}
        self.process = subprocess.Popen(
            [python, "-u", MODULE], cwd=cwd, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        self.messages = queue.Queue()
        self.errors = []
        threading.Thread(target=self._listen, daemon=True).start()
        threading.Thread(target=self._stderr, daemon=True).start()
        self.say({"type": "start", "protocol": 1, "cartage": "0.0.0", "pipeline": pipeline, "source": source,
                  "config": config, **(start or {})})

    def _stderr(self):
        for line in self.process.stderr:
            self.errors.append(line.decode("utf-8", "replace"))

    def _listen(self):
        out = self.process.stdout
        for line in out:
            message = json.loads(line)
            if "bytes" in message:
                message["payload"] = out.read(message["bytes"])
                assert len(message["payload"]) == message["bytes"]
            message["at"] = time.monotonic()
            self.messages.put(message)
        self.messages.put(None)

    def say(self, message):
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def next(self, timeout=60):
        return self.messages.get(timeout=timeout)

    def until(self, kind):
        got = []
        while True:
            message = self.next()
            if message is None:
                raise AssertionError(f"it ended before `{kind}`: {got[-3:]} {''.join(self.errors)[-3000:]}")
            got.append(message)
            if message["type"] == kind:
                return got
            if message["type"] == "error":
                raise AssertionError(message["message"] + "\n" + message.get("details", ""))

    def opening(self):
        return Opening(self.until("ready"))

    def read(self, resources=None, state=None, limit=None, opening=None):
        names = resources
        if names is None:
            names = [name for name, each in opening.resources.items() if each.get("selected", True)]
        self.say({"type": "read", "resources": names, "state": state or {}, "cursors": {},
                  "limit": limit or {"rows": None, "pages": None}})

    def rest(self):
        got = []
        while True:
            message = self.next()
            if message is None:
                return got
            got.append(message)

    def wait(self, timeout=20):
        return self.process.wait(timeout)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Opening:
    def __init__(self, messages):
        assert messages[0]["type"] == "hello" and messages[0]["protocol"] == 1, messages
        self.hello = messages[0]
        self.source = next((each for each in messages if each["type"] == "source"), None)
        self.resources = {each["name"]: each for each in messages if each["type"] == "resource"}


class Result:
    """What a run brought."""

    def __init__(self, opening, messages, state=None):
        self.opening = opening
        self.messages = messages
        self.tables = {}  # (resource, table or None) -> rows
        self.hints = {}  # (resource, table or None) -> hints in their order
        self.arrow = {}
        self.state = json.loads(json.dumps(state or {}))
        self.by_type = {}
        for message in messages:
            self.by_type.setdefault(message["type"], []).append(message)
            if message["type"] == "rows":
                self._rows(message)
            elif message["type"] == "state":
                self._state(message)

    def _rows(self, message):
        key = (message["resource"], message.get("table"))
        if "hints" in message:
            self.hints.setdefault(key, []).append(message["hints"])
        rows = self.tables.setdefault(key, [])
        if not message["payload"]:
            return
        if message["format"] == "arrow":
            import pyarrow

            table = pyarrow.ipc.open_stream(message["payload"]).read_all()
            self.arrow.setdefault(key, []).append(table)
            rows += table.to_pylist()
        else:
            rows += map(typed, rows_of(message["format"], message["payload"]))

    def _state(self, message):
        at = self.state
        if message.get("resource") is not None:
            at = self.state.setdefault("resources", {}).setdefault(message["resource"], {})
        at.update(message.get("set") or {})
        for key in message.get("remove") or []:
            at.pop(key, None)

    def rows(self, resource, table=None):
        return self.tables.get((resource, table), [])


def run(config, state=None, resources=None, limit=None, **options):
    """A whole run that must succeed."""
    session = Session(config, **options)
    try:
        opening = session.opening()
        session.read(resources, state, limit, opening)
        messages = session.until("end")
        assert session.next() is None
        assert session.wait() == 0
        result = Result(opening, messages, state)
        result.stderr = "".join(session.errors)
        return result
    finally:
        session.close()


def fails(config, state=None, resources=None, **options):
    """A run that must fail: its error, and what came before."""
    session = Session(config, **options)
    try:
        got = []
        while True:
            message = session.next()
            assert message is not None, "".join(session.errors)
            got.append(message)
            if message["type"] == "ready":
                session.read(resources, state, None, Opening(got))
            if message["type"] == "error":
                assert session.next() is None
                assert session.wait() == 1
                return message, got
            assert message["type"] != "end"
    finally:
        session.close()
