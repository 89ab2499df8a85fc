"""Messages on their way to Cartage."""

import datetime
import enum
import json
import os
import sys
import threading
from collections import abc

from .ending import leave


class Channel:
    """Messages of ours to Cartage. Not buffered: a process that the user's code forks has nothing to repeat."""

    def __init__(self, fd):
        self.fd = fd
        self.lock = threading.RLock()

    def send(self, message_type, payload=None, **keys):
        message = {"type": message_type, **{key: value for key, value in keys.items() if value is not None}}
        if payload is not None:
            message["bytes"] = len(payload)
        line = json.dumps(message, default=hint_value, separators=(",", ":"), allow_nan=False).encode() + b"\n"
        with self.lock:
            self.write(line + payload if payload and len(payload) < 65536 else line)
            if payload and len(payload) >= 65536:
                self.write(payload)

    def write(self, data):
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self.fd, view):]
        except BrokenPipeError:
            # Nobody reads any more, so there is nobody to tell.
            leave(1)


def hint_value(value):
    """Values in hints have no types: dates are texts there."""
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (set, frozenset, abc.Sequence)):
        return list(value)
    if isinstance(value, abc.Mapping):
        return dict(value)
    return str(value)


def take_channels():
    """Keeps standard input and output for messages, and leaves the user's code others."""
    sys.stdout.flush()
    messages, frames = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return os.fdopen(messages, "rb"), Channel(frames)
