"""`cargo xtask differential`: random cases, dlt and the binary side by side.

Prints a line of progress and, for each difference that nothing explains, the smallest case that shows it.
"""

import argparse
import collections
import multiprocessing
import os
import queue
import re
import shutil
import sys
import tempfile
import time
import traceback

import dlt_side
import explain
import oracle_case
from generate import random_case
from merges import random_merge
from shrink import shrink


def job(args, numbers, results, work):
    """One job: takes numbers of cases until there are none left."""
    os.makedirs(work)
    dlt_side.prepare(os.path.join(work, "home"))
    from judge import Judge
    from store import Store

    judge = Judge(args.oracle, args.binary, Store(args.store), work)
    while (number := take(numbers)) is not None:
        case = case_of(args, number)
        try:
            results.put((number, case, *look_at(judge, case, args)))
        except Exception:
            results.put((number, case, "unexplained", ["".join(traceback.format_exc())], case, []))
    judge.close()
    results.put(None)


def case_of(args, number):
    if args.case:
        return oracle_case.read(args.case)
    return {"all": random_case, "merges": random_merge}[args.about](args.seed, number)


def take(numbers):
    try:
        return numbers.get_nowait()
    except queue.Empty:
        return None


def look_at(judge, case, args):
    """Verdict, rows that explain it or lines of what differs, the smallest case, and dlt's errors."""
    found, errors = judge.differences(case)
    if not found:
        return "equal", [], None, errors

    def look(case):
        try:
            return judge.differences(case, stored=False)
        except Exception:
            return [], []

    rows, plain = explain.explain(case, found, errors, look)
    if plain is None:
        return "explained", rows, None, errors
    smallest = shrink(plain, lambda one: stays(judge, one), args.shrink)
    found, _ = judge.differences(smallest, stored=False)
    return "unexplained", found, smallest, errors


def stays(judge, case):
    """Whether a case differs, and no row says why."""
    try:
        found, errors = judge.differences(case, stored=False)
    except Exception:
        return False
    return bool(found) and explain.is_plain(case, found, errors)


def check_rows(path):
    """Refuses a reason whose row is not in the list of differences."""
    with open(path, encoding="utf-8") as file:
        rows = {line.split("|")[1].strip() for line in file if line.startswith("|")}
    for reason in explain.REASONS:
        if reason.row not in rows:
            sys.exit(f"{path} has no row \"{reason.row}\", which explain.py names")


def seconds(text):
    match = re.fullmatch(r"(\d+)([smh]?)", text)
    if not match:
        raise argparse.ArgumentTypeError("a number of seconds, or one with s, m or h behind it")
    return int(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", default="1")
    parser.add_argument("--about", default="all", choices=["all", "merges"])
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--time", type=seconds)
    parser.add_argument("--shrink", type=seconds, default=120)
    parser.add_argument("--keep")
    parser.add_argument("--case")
    parser.add_argument("--oracle", required=True)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--store", required=True)
    parser.add_argument("--differences", required=True)
    return parser.parse_args()


def start(args, work):
    """Starts the jobs; returns them, the queue of numbers and that of results."""
    context = multiprocessing.get_context("spawn")
    numbers, results = context.Queue(), context.Queue()
    for number in range(args.first, args.first + (1 if args.case else args.cases)):
        numbers.put(number)
    jobs = []
    for nth in range(max(1, min(args.jobs, args.cases))):
        jobs.append(context.Process(target=job, args=(args, numbers, results, os.path.join(work, str(nth)))))
        jobs[-1].start()
    return jobs, numbers, results


def report(args, number, case, found, smallest, errors):
    name = args.case or f"case {number} of seed {args.seed}"
    print(f"\n{name}: unexplained (again with --about {args.about} --seed {args.seed} --first {number} --cases 1)")
    print(oracle_case.shown(smallest))
    for line in found:
        print(f"  {line[:600]}")
    for error in filter(None, errors):
        print(f"  dlt: {error['step']}: {error['kind']}: {error['message']}")
    sys.stdout.flush()
    if args.keep:
        folder = os.path.join(args.keep, f"{args.about}-{args.seed}-{number}")
        shutil.rmtree(folder, ignore_errors=True)
        oracle_case.write(smallest, folder, description=f"case {number} of seed {args.seed}, made smaller")


def main():
    args = arguments()
    check_rows(args.differences)
    work = tempfile.mkdtemp(prefix="differential-")
    begin = shown_at = time.monotonic()
    jobs, numbers, results = start(args, work)
    verdicts, rows, failed = collections.Counter(), collections.Counter(), 0
    running = len(jobs)
    try:
        while running:
            try:
                result = results.get(timeout=5)
            except queue.Empty:
                if not any(one.is_alive() for one in jobs):
                    sys.exit("the jobs ended early; see above")
                continue
            if result is None:
                running -= 1
                continue
            number, case, verdict, found, smallest, errors = result
            verdicts[verdict] += 1
            failed += any(errors)
            if verdict == "explained":
                rows.update(found)
            if verdict == "unexplained":
                report(args, number, case, found, smallest, errors)
            if args.time and time.monotonic() - begin > args.time:
                while take(numbers) is not None:
                    pass
            if time.monotonic() - shown_at > 10:
                shown_at = time.monotonic()
                counts = ", ".join(f"{verdicts[one]} {one}" for one in ("equal", "explained", "unexplained"))
                print(f"{verdicts.total()} of {args.cases} cases: {counts}", file=sys.stderr, flush=True)
    finally:
        for one in jobs:
            one.terminate()
        shutil.rmtree(work, ignore_errors=True)
    print(f"\n{args.about}, seed {args.seed}, cases {args.first} to {args.first + verdicts.total() - 1}, {time.monotonic() - begin:.0f} s")
    print(f"{verdicts['equal']:6} equal ({failed} of all cases with a run that dlt refuses)")
    print(f"{verdicts['explained']:6} explained")
    for row, count in rows.most_common():
        print(f"{count:10} {row}")
    print(f"{verdicts['unexplained']:6} unexplained")
    sys.exit(1 if verdicts["unexplained"] or not verdicts["equal"] else 0)


if __name__ == "__main__":
    main()
