"""A case on disk and in memory: on disk each run names files of rows, in memory it holds the rows."""

import copy
import json
import os
import re


def files_of(case):
    """The document of a case as `case.json` has it, and the text of each of its files of rows."""
    document, files = copy.deepcopy(case), {}
    for number, run in enumerate(document["runs"], 1):
        for name, rows in run["data"].items():
            if rows is None:
                continue
            file = f"run{number}/{re.sub('[^A-Za-z0-9]', '_', name)}.jsonl"
            files[file] = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            run["data"][name] = file
    return document, files


def write(case, folder, description="random", area="random"):
    """Writes a case into a new folder."""
    document, files = files_of(case)
    document = {"description": description, "area": area, **document}
    os.makedirs(folder)
    for name, text in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    with open(os.path.join(folder, "case.json"), "w", encoding="utf-8", newline="\n") as file:
        json.dump(document, file, ensure_ascii=False, indent=2)
        file.write("\n")


def read(folder):
    """Reads a case and its rows."""
    with open(os.path.join(folder, "case.json"), encoding="utf-8") as file:
        case = json.load(file)
    for run in case["runs"]:
        for name, path in run["data"].items():
            if path is not None:
                with open(os.path.join(folder, path), encoding="utf-8", newline="\n") as file:
                    run["data"][name] = [json.loads(line) for line in file.read().split("\n") if line.strip()]
    return case


def shown(case):
    """A case for people: its document and its rows."""
    document, files = files_of(case)
    lines = [json.dumps(document, ensure_ascii=False)]
    for name, text in files.items():
        lines.append(f"{name}:")
        lines += [f"    {line}" for line in text.splitlines()]
    return "\n".join(lines)
