"""The end of the program."""

import atexit
import os
import shutil
import sys
import threading

# How long code of the user may go on after Cartage has asked to stop, and threads of it after the end.
GRACE_SECONDS = 3.0


def leave(code):
    """Ends at once, whatever threads of the user's code are about."""
    for folder in leave.folders:
        shutil.rmtree(folder, ignore_errors=True)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass
    os._exit(code)


# Folders that are removed at the end.
leave.folders = []


def finish(code):
    """The usual end. Functions of `atexit` are called, but threads and those functions must not hold it up."""
    timer = threading.Timer(GRACE_SECONDS, leave, (code,))
    timer.daemon = True
    timer.start()
    atexit._run_exitfuncs()
    leave(code)
