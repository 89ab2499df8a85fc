"""What the programs of these tests have in common: their rows, and how they wait to be killed."""

import os
import subprocess
import sys
import time

# Rows between two checkpoints, more than half a megabyte of them: no checkpoint is passed over then.
CHUNK = 1000


def row(number):
    return {"id": number, "text": f"{number} " * 150, "list": [{"k": number % 7}, {"k": number}]}


def last():
    """Rows there are: their ids are below this number."""
    with open("last") as file:
        return int(file.read())


def perhaps_hang():
    """Where there is a file `hang`, starts a child, says who is there, and waits."""
    if not os.path.exists("hang"):
        return
    child = subprocess.Popen(["sleep", "600"])
    with open("pids.new", "w") as file:
        file.write(f"{os.getpid()} {child.pid}")
    os.rename("pids.new", "pids")
    time.sleep(600)


def arguments():
    """The files among the arguments `--name file`, by name."""
    found = {}
    for name, path in zip(sys.argv, sys.argv[1:]):
        if name.startswith("--") and os.path.exists(path):
            found[name[2:]] = path
    return found
