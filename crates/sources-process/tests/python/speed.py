"""How fast rows come out: `python speed.py [rows]`.

A million flat rows by default: a bare loop over the generator, the module as a plain function and as a resource of dlt
(pages of 10,000, single rows, tables of Arrow) with a reader that throws everything away, and dlt's own extract and run.
"""

import os
import subprocess
import sys
import tempfile
import time

from cartage_side import MODULE

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000  # and --run for dlt with DuckDB
CODE = f"""
ROWS = {ROWS}

def row(n):
    return {{"id": n, "name": f"customer {{n}}", "amount": n * 0.25, "active": n % 2 == 0, "city": "Berlin"}}

def paged():
    for start in range(0, ROWS, 10_000):
        yield [row(n) for n in range(start, start + 10_000)]

def single():
    for n in range(ROWS):
        yield row(n)

def tables():
    import pyarrow
    for start in range(0, ROWS, 10_000):
        yield pyarrow.Table.from_pylist([row(n) for n in range(start, start + 10_000)])

def dated():
    import datetime
    at = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)
    for start in range(0, ROWS, 10_000):
        yield [{{**row(n), "at": at}} for n in range(start, start + 10_000)]
"""
DLT = """
import dlt, rows
dlt_paged = dlt.resource(rows.paged, name="dlt_paged")
dlt_single = dlt.resource(rows.single, name="dlt_single")
dlt_cursor = dlt.resource(rows.paged, name="dlt_cursor", incremental=dlt.sources.incremental("id"))
"""


def module(name, folder):
    import json

    process = subprocess.Popen([sys.executable, "-u", MODULE], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    config = {"source": f"{'withdlt' if name.startswith('dlt') else 'rows'}.py:{name}"}

    def say(**message):
        process.stdin.write(json.dumps(message).encode() + b"\n")
        process.stdin.flush()

    say(type="start", protocol=1, pipeline="p", config=config)
    opening = b""
    while b'"ready"' not in opening:
        opening += os.read(process.stdout.fileno(), 65536)
    started = time.perf_counter()
    say(type="read", resources=[name], state={}, limit={})
    total, last = 0, b""
    while True:
        data = os.read(process.stdout.fileno(), 1 << 20)
        if not data:
            break
        total += len(data)
        last = data[-40:]
    taken = time.perf_counter() - started
    assert process.wait() == 0 and last.endswith(b'{"type":"end"}\n'), last
    return taken, total


def main():
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("rows.py", CODE), ("withdlt.py", DLT)):
            with open(os.path.join(folder, name), "w") as file:
                file.write(text)
        sys.path.insert(0, folder)
        import rows

        bare = {}
        for name in ("paged", "single", "dated", "tables"):
            started = time.perf_counter()
            for _ in getattr(rows, name)():
                pass
            bare[name] = time.perf_counter() - started
            print(f"bare loop   {name:12} {bare[name]:6.2f} s")
        for name in ("paged", "single", "dated", "tables", "dlt_paged", "dlt_single", "dlt_cursor"):
            taken, total = module(name, folder)
            own = (taken - bare[name.replace("dlt_", "").replace("cursor", "paged")]) / ROWS * 1e6
            print(f"module      {name:12} {taken:6.2f} s   {own:5.2f} us a row of its own   {total / 1e6:6.1f} MB")
        os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
        import dlt

        os.chdir(folder)
        for name in ("paged", "single"):
            pipeline = dlt.pipeline(f"e_{name}", pipelines_dir=folder)
            started = time.perf_counter()
            pipeline.extract(dlt.resource(getattr(rows, name), name=name))
            print(f"dlt extract {name:12} {time.perf_counter() - started:6.2f} s")
        if "--run" not in sys.argv:
            return
        pipeline = dlt.pipeline("r", pipelines_dir=folder, destination=dlt.destinations.duckdb(os.path.join(folder, "r.duckdb")))
        started = time.perf_counter()
        pipeline.run(dlt.resource(rows.paged, name="paged"))
        print(f"dlt run     paged        {time.perf_counter() - started:6.2f} s")


if __name__ == "__main__":
    main()
