"""Functions with `state` and `checkpoint`."""

import common


def numbers(state, checkpoint):
    start = state.get("next", 0)
    for first in range(start, common.last(), common.CHUNK):
        yield [common.row(number) for number in range(first, first + common.CHUNK)]
        state["next"] = first + common.CHUNK
        checkpoint()
        common.perhaps_hang()


def merged(state, checkpoint):
    yield from numbers(state, checkpoint)


def appended(state, checkpoint):
    yield from numbers(state, checkpoint)


appended.resume = "at_checkpoints"
