"""Keeps what dlt made of cases: it is the same every time, and takes far longer than anything else."""

import gzip
import hashlib
import json
import os
import pickle
import shutil

from dlt_side import VERSION, remember_configuration, remember_types, run_case


def text_of(case):
    """The JSON text that stands for a case."""
    return json.dumps(case, sort_keys=False, ensure_ascii=False)


class Store:
    """A folder with a file for each case, named by a hash of all that dlt's answer depends on."""

    def __init__(self, folder):
        import dlt
        import duckdb

        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.base = f"{dlt.__version__} {duckdb.__version__} {VERSION}"
        remember_types()
        remember_configuration()

    def outcome(self, case, work):
        """What dlt makes of a case: entries as of `run_case`, the files below `work`."""
        key = hashlib.sha256(f"{self.base}\n{text_of(case)}".encode()).hexdigest()[:32]
        path = os.path.join(self.folder, key)
        if os.path.exists(path):
            return self.unpack(path, work)
        entries = run_case(case, work)
        kept = []
        for entry in entries:
            with open(entry["database"], "rb") as file:
                kept.append({"error": entry["error"], "data": file.read()})
        with gzip.open(f"{path}.{os.getpid()}", "wb", compresslevel=1) as file:
            pickle.dump(kept, file)
        os.replace(f"{path}.{os.getpid()}", path)
        return entries

    @staticmethod
    def unpack(path, work):
        shutil.rmtree(work, ignore_errors=True)
        os.makedirs(work)
        with gzip.open(path, "rb") as file:
            kept = pickle.load(file)
        entries = []
        for number, one in enumerate(kept, 1):
            path = os.path.join(work, f"dlt{number}.duckdb")
            with open(path, "wb") as file:
                file.write(one["data"])
            entries.append({"error": one["error"], "database": path})
        return entries
