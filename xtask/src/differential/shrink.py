"""Makes a case that differs smaller, as long as it still differs."""

import copy
import time


def shrink(case, differs, seconds):
    """The smallest case that was found: no single step of `smaller` leaves a difference, or time is over."""
    end = time.monotonic() + seconds
    start, found = 0, True
    while found:
        # What did not help before a step rarely helps after it, so a pass goes on where the last step was.
        found, position = False, 0
        for position, candidate in enumerate(smaller(case)):
            if time.monotonic() > end:
                return case
            if position >= start and differs(candidate):
                case, found = candidate, True
                break
        start, found = (position, True) if found else (0, start > 0)
    return case


def smaller(case):
    """Cases with one thing less, those with much less first."""
    yield from without_runs(case)
    yield from without_resources(case)
    yield from without_rows(case)
    yield from without_entries(case)
    yield from with_plain_values(case)


def changed(case, change):
    out = copy.deepcopy(case)
    change(out)
    return out


def without_runs(case):
    count = len(case["runs"])
    for at in reversed(range(count)) if count > 1 else ():
        yield changed(case, lambda out: out["runs"].pop(at))


def without_resources(case):
    names = [resource["name"] for resource in case["resources"]]
    for name in names if len(names) > 1 else ():
        def drop(out):
            out["resources"] = [one for one in out["resources"] if one["name"] != name]
            for run in out["runs"]:
                run["data"].pop(name, None)
                run.get("resources", {}).pop(name, None)
            out["runs"] = [run for run in out["runs"] if run["data"]]
        if (out := changed(case, drop))["runs"]:
            yield out


def without_rows(case):
    for number, run in enumerate(case["runs"]):
        for name, rows in run["data"].items():
            size = len(rows or [])
            while size:
                for begin in range(0, len(rows), size):
                    yield changed(case, lambda out: out["runs"][number]["data"][name].__delitem__(slice(begin, begin + size)))
                size //= 2
    # A key of all rows at once.
    for name in [resource["name"] for resource in case["resources"]]:
        keys = dict.fromkeys(key for run in case["runs"] for row in run["data"].get(name) or [] if isinstance(row, dict) for key in row)
        for key in keys:
            def drop(out):
                for run in out["runs"]:
                    for row in run["data"].get(name) or []:
                        if isinstance(row, dict):
                            row.pop(key, None)
            yield changed(case, drop)


def places(value, path=()):
    """The paths of all entries of objects and lists, the outer ones first."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    entries = list(entries)
    for key, _ in entries:
        yield path + (key,)
    for key, inner in entries:
        yield from places(inner, path + (key,))


def at(value, path):
    for key in path:
        value = value[key]
    return value


NEEDED = {"dataset", "resources", "runs", "name", "data", "cursor_path"}


def without_entries(case):
    """Without a hint, a setting, a change of a run, or an entry inside of a row."""
    for path in places(case):
        if path[-1] in NEEDED or isinstance(path[-1], int) and len(path) <= 2:
            continue
        in_data = len(path) > 2 and path[0] == "runs" and path[2] == "data"
        if in_data and len(path) <= 5:
            if len(path) == 4 and at(case, path):
                yield changed(case, lambda out: at(out, path[:-1]).__setitem__(path[-1], []))
            continue
        yield changed(case, lambda out: at(out, path[:-1]).pop(path[-1]))


def with_plain_values(case):
    for path in places(case):
        if not (len(path) > 5 and path[0] == "runs" and path[2] == "data"):
            continue
        value = at(case, path)
        plainer = []
        if isinstance(value, (dict, list)):
            plainer = list(value.values()) if isinstance(value, dict) else list(value)
        elif isinstance(value, bool) or value is None or value in (1, "a"):
            continue
        elif isinstance(value, (int, float)):
            plainer = [1] if isinstance(value, int) else [1, 0.5] if value != 0.5 else [1]
        elif isinstance(value, str):
            plainer = [1, "a"]
        for plain in plainer:
            yield changed(case, lambda out: at(out, path[:-1]).__setitem__(path[-1], plain))
