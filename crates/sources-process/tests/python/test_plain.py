"""The module with functions that have nothing to do with dlt."""

import datetime
import decimal
import gc
import os
import subprocess
import sys
import time
import uuid

import pytest

from cartage_side import MODULE, Session, fails, run


SPAWNED = """
import multiprocessing

def double(n):
    return 2 * n

def rows():
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        yield [{"n": n} for n in pool.map(double, [1, 2])]
"""


def plain(name, **config):
    return {"source": f"plain.py:{name}", **config}


def test_rows_are_gathered_and_keep_their_order():
    got = run(plain("rows"))
    assert got.opening.resources["rows"] == {**got.opening.resources["rows"], "type": "resource", "name": "rows"}
    assert "resume" not in got.opening.resources["rows"] and got.opening.source is None
    assert got.rows("rows") == [{"id": n, "name": f"row {n}"} for n in range(5)]
    assert len(got.by_type["rows"]) == 1


def test_pages_and_arguments():
    got = run(plain("pages", args={"count": 2, "size": 3000}))
    assert [row["id"] for row in got.rows("pages")] == list(range(6000))


def test_a_module_is_found_by_its_name_too():
    assert run({"source": "plain:listed"}).rows("listed") == [{"id": 1}, {"id": 2, "tags": ["a", "b"]}]


@pytest.mark.parametrize("name", ["values", "errors", "conversation", "cartage_source"])
def test_modules_of_the_user_may_be_called_like_ours(name, tmp_path):
    (tmp_path / f"{name}.py").write_text("def rows():\n    yield {'of': __name__}\n")
    for source in (f"{name}:rows", f"{name}.py:rows"):
        assert run({"source": source}, cwd=tmp_path).rows("rows") == [{"of": name}]


def test_processes_of_the_user_may_begin_anew(tmp_path):
    (tmp_path / "spawned.py").write_text(SPAWNED)
    assert run({"source": "spawned:rows"}, cwd=tmp_path).rows("rows") == [{"n": 2}, {"n": 4}]


@pytest.mark.parametrize("own, is_on, threshold", [
    ("", True, gc.get_threshold()[0]),
    ("gc.set_threshold(5000)", True, 5000),
    ("gc.disable()", False, gc.get_threshold()[0]),
])
def test_garbage_is_collected_as_the_user_wants_it(own, is_on, threshold, tmp_path):
    (tmp_path / "garbage.py").write_text(
        f"import gc\n{own}\ndef rows():\n"
        "    yield {'on': gc.isenabled(), 'threshold': gc.get_threshold()[0], 'frozen': gc.get_freeze_count() > 0}\n")
    row, = run({"source": "garbage.py:rows"}, cwd=tmp_path).rows("rows")
    assert row == {"on": is_on, "threshold": threshold, "frozen": True}


def test_several_functions_are_several_resources():
    got = run(plain("both"))
    assert list(got.opening.resources) == ["rows", "listed"]
    assert len(got.rows("rows")) == 5 and len(got.rows("listed")) == 2
    assert [each["resource"] for each in got.by_type["done"]] == ["rows", "listed"]
    got = run(plain("both"), resources=["listed"])
    assert not got.rows("rows") and len(got.rows("listed")) == 2


def test_rows_that_are_there_already():
    assert run(plain("numbers")).rows("numbers") == [{"id": 1}, {"id": 2}]


def test_what_is_no_object_is_a_column():
    assert run(plain("scalars")).rows("scalars") == [{"value": 1}, {"value": 2}, {"value": None}, {"value": "three"}]


def test_asynchronous_functions():
    assert run(plain("stream")).rows("stream") == [{"n": n} for n in range(3)]
    assert run(plain("later")).rows("later") == [{"n": 1}]


def test_prints_do_not_break_it():
    got = run(plain("printing"))
    assert got.rows("printing") == [{"a": 1}]
    for text in ("this is no message", "neither is this", "nor this"):
        assert text in got.stderr


VALUES = {
    "aware": datetime.datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=datetime.timezone.utc),
    "zoned": datetime.datetime(2024, 5, 6, 5, 8, 9, tzinfo=datetime.timezone.utc),
    "naive": datetime.datetime(2024, 5, 6, 7, 8, 9),
    "date": datetime.date(2024, 5, 6),
    "time": datetime.time(7, 8, 9),
    "decimal": decimal.Decimal("1.50"),
    "bytes": b"\x00\x01",
    "bytearray": b"\x02",
    "nan": None,
    "infinite": None,
    "big": 2**70,
    "enum": "red",
    "number": 2,
    "point": {"x": 1, "y": decimal.Decimal("2.5")},
    "pair": {"left": 1, "right": datetime.date(2024, 1, 1)},
    "set": [1, 2, 3],
    "tuple": [1, "a"],
    "nested": {"at": datetime.date(2024, 1, 2), "list": [decimal.Decimal("0.1"), {"b": b"x"}]},
    "ordered": {"b": 1, "a": 2},
    "icon": "\uf02b Tags",
    "looks": "\uf0261.5",
    "escaped": "\uf02ehello",
    "umlaut": "ä\n\u2028",
    "none": None,
    "true": True,
}


def without_orjson(tmp_path):
    (tmp_path / "orjson.py").write_text("raise ImportError('not here')\n")
    return {"PYTHONPATH": str(tmp_path)}


@pytest.mark.parametrize("has_orjson", [True, False])
def test_values_of_every_kind(has_orjson, tmp_path):
    got = run(plain("values"), env={} if has_orjson else without_orjson(tmp_path)).rows("values")[0]
    assert got.pop("uuid") in (uuid.UUID(int=5), str(uuid.UUID(int=5)))
    assert got == VALUES


@pytest.mark.parametrize("has_orjson", [True, False])
def test_values_that_cannot_be_sent_are_named(has_orjson, tmp_path):
    error, _ = fails(plain("impossible"), env={} if has_orjson else without_orjson(tmp_path))
    assert error["kind"] == "data" and error["resource"] == "impossible"
    assert "`datetime.timedelta` cannot be sent: field `ok.why[1]`" in error["message"]


def test_state_goes_in_and_out():
    state = {}
    for number in (1, 2, 3):
        got = run(plain("remembers"), state=state)
        assert got.opening.resources["remembers"]["resume"] == "at_end"
        assert got.rows("remembers") == [{"id": n, "run": number} for n in range(number * 3 - 2, number * 3 + 1)]
        state = got.state
        assert state == {"resources": {"remembers": {
            "last": number * 3, "runs": number, "at": f"\uf0282024-01-0{number}"}}}
        assert [each["type"] for each in got.messages[-2:]] == ["state", "end"]


def test_checkpoints_come_behind_the_rows_and_the_state():
    got = run(plain("steps"))
    assert got.opening.resources["steps"]["resume"] == "near_checkpoints"
    assert [each["type"] for each in got.messages] == ["rows", "state", "checkpoint"] * 3 + ["done", "end"]
    assert [row["page"] for row in got.rows("steps")] == [0, 0, 1, 1, 2, 2]
    got = run(plain("steps"), state={"resources": {"steps": {"page": 2}}})
    assert [row["page"] for row in got.rows("steps")] == [2, 2]


def test_rows_do_not_wait_for_the_next_ones():
    got = run(plain("slow"))
    first, second = got.by_type["rows"]
    assert 0.2 < second["at"] - first["at"] < 0.6


def test_hints_of_the_pipeline_file_are_passed_on():
    got = run(plain("rows", resources={"rows": {"primary_key": "id", "write_disposition": "merge"}}))
    assert got.opening.resources["rows"]["hints"] == {"primary_key": "id", "write_disposition": "merge"}


@pytest.mark.parametrize("limit, count", [({"rows": 150, "pages": None}, 200), ({"rows": None, "pages": 3}, 300),
                                          ({"rows": 0, "pages": None}, 0)])
def test_limits(limit, count):
    assert len(run(plain("endless"), limit=limit).rows("endless")) == count


@pytest.mark.parametrize("name", ["endless", "stuck"])
@pytest.mark.parametrize("how", ["stop", "close", "term"])
def test_it_stops(name, how):
    session = Session(plain(name))
    try:
        session.read(opening=session.opening())
        assert session.next()["type"] == "rows"
        started = time.monotonic()
        if how == "stop":
            session.say({"type": "stop"})
        elif how == "close":
            session.process.stdin.close()
        else:
            session.process.terminate()
        session.rest()
        code = session.wait(5)
        assert time.monotonic() - started < 4.5
        assert code in {"stop": (0,), "close": (0, 1), "term": (143,)}[how]
    finally:
        session.close()


def test_it_ends_when_the_opening_is_all_that_is_wanted():
    session = Session(plain("rows"))
    session.opening()
    session.process.stdin.close()
    assert session.next() is None
    assert session.wait() == 0


def test_it_ends_when_nobody_reads():
    session = Session(plain("endless"))
    session.read(opening=session.opening())
    session.next()
    process = subprocess.Popen([sys.executable, "-u", MODULE], cwd=os.path.dirname(MODULE), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    process.stdout.close()
    process.communicate(b'{"type":"start","protocol":1,"config":{"source":"os:listdir"}}\n', timeout=10)
    assert process.returncode == 1
    session.close()


def test_errors():
    error, got = fails(plain("broken"))
    assert error["message"] == "ValueError: no more" and error["kind"] == "other" and error["resource"] == "broken"
    assert 'raise ValueError("no more")' in error["details"] and len(error["details"]) <= 8192


def test_rows_that_wait_do_not_follow_an_error(tmp_path):
    (tmp_path / "late.py").write_text(
        "import atexit, time\natexit.register(time.sleep, 0.5)\n"
        "def rows():\n    yield {'n': 1}\n    raise ValueError('no more')\n")
    error, got = fails({"source": "late.py:rows"}, cwd=tmp_path)
    assert error["message"] == "ValueError: no more" and got[-1] is error


@pytest.mark.parametrize("config, text", [
    ({"source": "nothing.py:a"}, "there is no file `nothing.py`"),
    ({"source": "nothing:a"}, "No module named 'nothing'"),
    ({"source": "plain.py:nothing"}, "`plain.py` has no `nothing`; it has"),
    ({"source": "plain.py"}, "plain.py:function"),
    ({}, "`source` is missing"),
    (plain("pages", args={"colour": 1}), "no function has a parameter `colour`"),
    (plain("Point"), "`Point` needs `x`"),
    (plain("rows", resources={"other": {}}), "there is no resource `other`; known are rows"),
])
def test_what_cannot_be_opened(config, text):
    error, _ = fails(config)
    assert error["kind"] == "config" and text in error["message"], error


def test_arrow():
    got = run(plain("arrow_table"))
    assert [row["x"] for row in got.rows("arrow_table")] == [1, 2, 3, 4]
    assert got.rows("arrow_table")[0] == {"x": 1, "Y Name": "a"}
    assert len(got.by_type["rows"]) == 1 and got.by_type["rows"][0]["format"] == "arrow"


def test_large_tables_are_cut():
    got = run(plain("big_table"))
    assert [row["x"] for row in got.rows("big_table")] == list(range(3_000_000))
    assert len(got.by_type["rows"]) == 3
    assert max(each["bytes"] for each in got.by_type["rows"]) < 9 << 20


@pytest.mark.parametrize("library", ["pandas", "polars", "duckdb"])
def test_tables_of_other_libraries(library, tmp_path):
    pytest.importorskip(library)
    code = {
        "pandas": "import pandas as pd\ndef t():\n    yield pd.DataFrame({'a': [1, 2], 'b': ['x', None]}, index=[7, 8])\n",
        "polars": "import polars as pl\ndef t():\n    yield pl.DataFrame({'a': [1, 2], 'b': ['x', None]})\n",
        "duckdb": "import duckdb, pyarrow\ndef t():\n    return duckdb.sql(\"select * from (values (1, 'x'), (2, null)) t(a, b)\")\n",
    }[library]
    (tmp_path / "tables.py").write_text(code)
    got = run({"source": "tables.py:t"}, cwd=str(tmp_path))
    assert got.by_type["rows"][0]["format"] == "arrow"
    assert got.rows("t") == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]


def test_numpy_and_pandas_values(tmp_path):
    pytest.importorskip("pandas")
    (tmp_path / "values.py").write_text(
        "import numpy as np, pandas as pd\n"
        "def t():\n"
        "    yield {'i': np.int64(1), 'f': np.float64(0.5), 'b': np.bool_(True), 's': np.str_('x'), 'nan': np.float32('nan'),\n"
        "           'at': np.datetime64('2024-01-02T03:04:05'), 'day': np.datetime64('2024-01-02'), 'list': np.array([1, 2]),\n"
        "           'nat': pd.NaT, 'na': pd.NA, 'stamp': pd.Timestamp('2024-01-02', tz='UTC')}\n")
    row, = run({"source": "values.py:t"}, cwd=str(tmp_path)).rows("t")
    utc = datetime.timezone.utc
    assert row == {"i": 1, "f": 0.5, "b": True, "s": "x", "nan": None, "at": datetime.datetime(2024, 1, 2, 3, 4, 5),
                   "day": datetime.date(2024, 1, 2), "list": [1, 2], "nat": None, "na": None,
                   "stamp": datetime.datetime(2024, 1, 2, tzinfo=utc)}


def test_pydantic_items(tmp_path):
    pytest.importorskip("pydantic")
    (tmp_path / "models.py").write_text(
        "import decimal, pydantic\n"
        "class Item(pydantic.BaseModel):\n    id: int\n    price: decimal.Decimal = pydantic.Field(alias='Price')\n"
        "def t():\n    yield Item(id=1, Price='1.5')\n    yield [Item(id=2, Price='2')]\n")
    got = run({"source": "models.py:t"}, cwd=str(tmp_path))
    assert got.rows("t") == [{"id": 1, "Price": decimal.Decimal("1.5")}, {"id": 2, "Price": decimal.Decimal("2")}]


def test_files_in_packages_and_names_of_libraries(tmp_path):
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg/__init__.py").write_text("")
    (tmp_path / "pkg/other.py").write_text("N = 7\n")
    (tmp_path / "pkg/mine.py").write_text("from .other import N\ndef t():\n    yield {'n': N}\n")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/json.py").write_text("import beside\ndef t():\n    yield {'n': beside.N}\n")
    (tmp_path / "lib/beside.py").write_text("N = 8\n")
    assert run({"source": "pkg/mine.py:t"}, cwd=str(tmp_path)).rows("t") == [{"n": 7}]
    assert run({"source": "pkg.mine:t"}, cwd=str(tmp_path)).rows("t") == [{"n": 7}]
    assert run({"source": "lib/json.py:t"}, cwd=str(tmp_path)).rows("t") == [{"n": 8}]


def test_what_the_code_has_open_is_closed(tmp_path):
    (tmp_path / "closing.py").write_text(
        "import atexit, threading, time\natexit.register(lambda: open('exit', 'w').close())\n"
        "def t():\n    threading.Thread(target=time.sleep, args=(600,)).start()\n"
        "    try:\n        while True:\n            yield {'n': 1}\n    finally:\n        open('closed', 'w').close()\n")
    got = run({"source": "closing.py:t"}, cwd=str(tmp_path), limit={"rows": 10})
    assert len(got.rows("t")) == 10
    assert (tmp_path / "closed").exists() and (tmp_path / "exit").exists()
    (tmp_path / "closed").unlink()
    session = Session({"source": "closing.py:t"}, cwd=str(tmp_path))
    session.read(opening=session.opening())
    session.next()
    session.say({"type": "stop"})
    session.rest()
    assert session.wait(5) == 0
    assert (tmp_path / "closed").exists()
