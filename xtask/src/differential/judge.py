"""Runs a case through dlt and through the binary, and says in what they differ."""

import json
import os
import shutil
import subprocess

import oracle_case
from dlt_side import run_case


class Judge:
    """The two sides of one job: dlt in this process, the comparison (`oracle --serve`) in another one."""

    def __init__(self, oracle, binary, store, work):
        self.store, self.work = store, work
        words = [oracle, "--serve", "--binary", binary]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def compare(self, case, entries):
        folder = os.path.join(self.work, "case")
        shutil.rmtree(folder, ignore_errors=True)
        oracle_case.write(case, folder)
        request = {"case": folder, "runs": entries}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError("the comparison ended: is `oracle` of the same build as this?")
        return json.loads(answer)["differences"]

    def differences(self, case, stored=True):
        """What differs, a line each, and what dlt said about each run. `stored` keeps what dlt left for the next time."""
        work = os.path.join(self.work, "dlt")
        entries = self.store.outcome(case, work) if stored else run_case(case, work)
        found = self.compare(case, entries)
        return found, [entry["error"] for entry in entries]

    def close(self):
        self.process.stdin.close()
        self.process.wait()
