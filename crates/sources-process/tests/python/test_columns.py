"""Rows as columns and row by row, with and without orjson: the same values with the same types."""

import datetime
import decimal
import importlib
import importlib.util
import json
import os
import random
import sys
import uuid
import zoneinfo

import pytest

from cartage_side import MODULE, rows_of


def module(name):
    """One of the module's own modules."""
    if "_cartage_source" not in sys.modules:
        spec = importlib.util.spec_from_file_location("_cartage_source", os.path.join(MODULE, "__init__.py"))
        package = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = package
        spec.loader.exec_module(package)
    return importlib.import_module(f"_cartage_source.{name}")


values = module("values")


def zone(**offset):
    return datetime.timezone(datetime.timedelta(**offset))


class Own(datetime.tzinfo):
    """A zone that cannot be hashed."""

    __hash__ = None

    def utcoffset(self, at):
        return datetime.timedelta(hours=1, seconds=7)


class Later(datetime.datetime):
    pass


class Name(str):
    pass


UTC = datetime.timezone.utc
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
AT = datetime.datetime(2024, 5, 6, 7, 8, 9, 123456)
# Values by what a column holds; most columns keep to one kind.
KINDS = {
    "aware": [AT.replace(tzinfo=UTC), datetime.datetime(1, 1, 1, tzinfo=UTC), datetime.datetime(9999, 12, 31, 23, 59, 59, 999999, UTC)],
    "offsets": [AT.replace(tzinfo=zone(hours=2)), AT.replace(tzinfo=zone(hours=-5, minutes=-30)), AT.replace(tzinfo=zone(hours=23, minutes=59))],
    "seconds": [AT.replace(tzinfo=zone(minutes=53, seconds=28)), AT.replace(tzinfo=zone(seconds=-1)), AT.replace(tzinfo=zone(microseconds=5))],
    "berlin": [AT.replace(tzinfo=BERLIN), datetime.datetime(1800, 1, 1, tzinfo=BERLIN), datetime.datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=BERLIN)],
    "own": [AT.replace(tzinfo=Own()), AT],
    "naive": [AT, AT.replace(microsecond=0), datetime.datetime.min, datetime.datetime(33, 1, 2, microsecond=10)],
    "subclass": [Later(2024, 1, 2), AT],
    "date": [datetime.date(2024, 5, 6), datetime.date.min, datetime.date.max],
    "date or time": [datetime.date(2024, 5, 6), AT],
    "time": [datetime.time(7, 8, 9), datetime.time(7, 8, 9, 10), datetime.time(tzinfo=UTC), datetime.time(1, tzinfo=zone(seconds=90))],
    "decimal": [decimal.Decimal(text) for text in ("1.50", "-0", "1E+20", "1e-9", "NaN", "-Infinity", "12345678901234567890.1")],
    "uuid": [uuid.UUID(int=5)],
    "bytes": [b"", b"\x00\xff", bytearray(b"x")],
    "text": ["", "a", "ä\n\u2028\"\\", "},{\"", Name("n"), "\U0001f600", "2024-05-06T07:08:09", "\uf000"],
    "icon": ["\uf02b Tags", "\uf0271", "a"],
    "whole": [0, -1, 2**53, 2**63 - 1, -(2**63), 2**64 - 1],
    "large": [2**64, -(2**63) - 1, 10**40, 1],
    "number": [0.1, 1e300, -0.0, float("nan"), float("inf"), 1],
    "bool": [True, False],
    "null": [None],
    "nested": [{"at": AT, "list": [datetime.date(2024, 1, 2), {"d": decimal.Decimal("0.1")}]}, [], {}, [[AT]], {"x": {1: {"y": "\uf026"}}}],
    "set": [{1, 2}, frozenset()],
    "mixed": [AT, "text", 1, decimal.Decimal(1), None, 2**80],
}


def random_rows(seed):
    choose = random.Random(seed)
    names = choose.sample(sorted(KINDS), choose.randint(1, 6))
    nullable = {name: choose.random() < 0.5 for name in names}
    rows = []
    for _ in range(choose.choice((1, 19, 20, 60))):
        rows.append({name: None if nullable[name] and choose.random() < 0.3 else choose.choice(KINDS[name]) for name in names})
    if choose.random() < 0.2:
        odd = choose.choice(rows)
        choose.choice((
            lambda: odd.pop(names[0]),
            lambda: odd.update({"more": AT}),
            lambda: odd.update({names[0]: odd.pop(names[0])}),
            lambda: odd.update({choose.choice((1, None, True, AT, "\uf027x")): 1}),
        ))()
    return rows


def read(text, form="jsonl"):
    """What came, with the class beside each value. orjson writes UUIDs as plain texts."""
    def exact(value):
        if isinstance(value, dict):
            return [(key, exact(inner)) for key, inner in value.items()]
        if isinstance(value, list):
            return [exact(inner) for inner in value]
        return type(value).__name__, value.lstrip("\uf029") if isinstance(value, str) else repr(value)

    return [exact(row) for row in rows_of(form, text)]


def test_columns_are_the_same_rows(monkeypatch):
    pytest.importorskip("orjson")
    times = {True: 0, False: 0}
    for seed in range(3000):
        rows = random_rows(seed)
        with monkeypatch.context() as patch:
            patch.setattr(values, "orjson", None)
            slow = read(values.Values().lines(rows))
            plain = values.Values().columns(rows)
        encoder = values.Values()
        assert read(encoder.lines(rows)) == slow, rows
        for has_orjson, columns in ((True, encoder.columns(rows)), (False, plain)):
            if columns is not None:
                times[has_orjson] += 1
                assert read(columns, "columns") == slow, (has_orjson, rows)
    assert times[True] > 300 and times[False] > 1000, times


@pytest.mark.parametrize("has_orjson", [True, False])
@pytest.mark.parametrize("name", sorted({"aware", "offsets", "seconds", "berlin", "own", "naive", "date", "time", "decimal"}))
def test_each_kind_goes_as_a_column_with_a_type(name, has_orjson, monkeypatch):
    pytest.importorskip("orjson")
    if not has_orjson:
        monkeypatch.setattr(values, "orjson", None)
    rows = [{"id": n, "at": KINDS[name][n % len(KINDS[name])]} for n in range(40)]
    block = json.loads(values.Values().columns(rows))
    mark = {"date": "\uf028", "time": "\uf02d", "decimal": "\uf026"}.get(name, "\uf027")
    assert list(block) == ["id", mark + "at"]
    rows[3]["at"] = rows[3]["id"] = None
    encoder = values.Values()
    block = json.loads(encoder.columns(rows[1:]))
    assert list(block) == ["id", mark + "at"] and block[mark + "at"][2] is None
    # The first row says what is worth it. Other columns with dates may begin with nulls.
    assert (encoder.columns(rows[3:]) is None) == has_orjson
    block = json.loads(encoder.columns([{**row, "on": datetime.date(2024, 5, 6)} for row in rows[3:]]))
    assert list(block) == ["id", mark + "at", "\uf028on"] and block[mark + "at"][0] is None


@pytest.mark.parametrize("rows", [
    [{"n": 1}] * 30,
    [{"at": AT}] * 19,
    [{"at": AT}] * 30 + [{}],
    [{"at": AT}] * 30 + [{"at": AT, "more": 1}],
    [{"at": AT, "n": 1}] * 30 + [{"n": 1, "at": AT}],
    [{"at": AT, "n": 1}, {"at": AT}, {"n": 1, "at": AT, "m": 1}] * 10,
    [{"at": AT, 1: 1}] * 30,
    [{"at": AT, "\uf026": 1}] * 30,
    [{"at": AT, "icon": "\uf02b"}] * 30,
    [{"at": AT, "large": 2**70}] * 30,
    [{"at": AT, "why": datetime.timedelta(1)}] * 30,
    [{"at": AT, "broken": "\ud800"}] * 30,
    [AT] * 30,
])
def test_what_is_no_columns(rows):
    pytest.importorskip("orjson")
    assert values.Values().columns(rows) is None
