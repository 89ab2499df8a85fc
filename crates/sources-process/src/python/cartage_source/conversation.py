"""What is said between Cartage and this program, from the first message to the last."""

import gc
import json
import os
import signal
import sys
import threading
import time

from .channel import take_channels
from .ending import GRACE_SECONDS, finish, leave
from .errors import ConfigError, Stopped
from .opening import open_source
from .output import Output
from .reporting import chain, report

PROTOCOL = 1


def main():
    # Folders of this run must not stay when it is ended from outside.
    signal.signal(signal.SIGTERM, lambda *_: leave(143))
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    messages, channel = take_channels()
    finish(run(messages, channel))


def run(messages, channel):
    """The whole conversation. The exit code."""
    is_open = False
    output = Output(channel)
    threshold = gc.get_threshold()
    # What is imported from here on stays: to look for garbage in it is in vain.
    gc.set_threshold(0)
    try:
        start = take(messages, "start")
        if start is None:
            return 0
        if start.get("protocol") != PROTOCOL:
            raise ConfigError(f"Cartage speaks version {start.get('protocol')} of the protocol, and this is {PROTOCOL}")
        import_from_here()
        source = open_source(start, output)
        channel.send("hello", protocol=PROTOCOL, program=program())
        source.declare(channel)
        channel.send("ready")
        # Later looks leave it out. It is so much with dlt that nested rows would take twice the time.
        gc.freeze()
        if gc.get_threshold()[0] == 0:
            gc.set_threshold(*threshold)
        request = take(messages, "read")
        if request is None:
            return 0
        is_open = True
        threading.Thread(target=watch, args=(messages, output), name="cartage-input", daemon=True).start()
        source.read(request, channel)
        output.flush_all()
        channel.send("end")
        return 0
    except Stopped:
        return 0
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            return 130
        if any(isinstance(each, Stopped) for each in chain(error)):
            return 0
        output.drop()
        channel.send("error", **report(error, is_open))
        return 1


def take(messages, kind):
    line = messages.readline()
    if not line:
        return None
    message = json.loads(line)
    if message.get("type") != kind:
        raise ConfigError(f"Cartage sent `{message.get('type')}` where `{kind}` was due")
    return message


def program():
    python = ".".join(map(str, sys.version_info[:3]))
    version = getattr(sys.modules.get("dlt"), "__version__", None)
    return f"cartage-python {PROTOCOL} (Python {python}{f', dlt {version}' if version else ''})"


def import_from_here():
    """Puts the folder of the pipeline where Python puts that of a program."""
    sys.path.insert(0, os.getcwd())
    # dlt warns if the script is elsewhere than its folder `.dlt`.
    sys.argv[0] = os.path.join(os.getcwd(), "pipeline.toml")


def watch(messages, output):
    """Waits for `stop`, or for the end of Cartage. Code of the user that does not come back is left behind."""
    code = 1
    for line in messages:
        try:
            if json.loads(line).get("type") == "stop":
                code = 0
                break
        except ValueError:
            break
    output.stop = True
    time.sleep(GRACE_SECONDS)
    leave(code)
