"""Rows on their way to Cartage."""

import threading
import time

from .errors import Stopped
from .tables import arrow_batches, arrow_stream
from .values import Values

# A message is sent when it has so many bytes, or when its first row has waited so long.
FULL_BYTES = 1 << 20
FULL_SECONDS = 0.1
# Rows of a page are encoded in slices: a page of a million does not exist twice, and the heap neither grows nor shrinks,
# which takes longer than the rest with slices of a thousand.
SLICE_ROWS = 100
# Columns want to be longer: what there is to do for each is done less often.
SLICE_OF_COLUMNS = 500


class Lane:
    """What waits to be sent for one table of one resource: lines of JSON, columns of JSON, or batches of Arrow."""

    def __init__(self, resource, table):
        self.resource = resource
        self.table = table
        self.hints = None
        self.form = "jsonl"
        # One text that grows: many small ones would make the heap grow and shrink all the time.
        self.text = bytearray()
        self.batches = []
        self.size = 0
        self.since = 0.0

    def may_have_columns(self, count):
        """Whether rows may go as columns. A few must not, where lines wait: each change of the form is a message."""
        return self.form == "columns" or not self.size or count >= SLICE_ROWS


def slices(rows, count):
    """Rows in parts of so many."""
    return (rows[start:start + count] for start in range(0, len(rows), count))


class Output:
    """Rows on their way: gathered to messages of a good size, and sent when they have waited."""

    def __init__(self, channel):
        self.channel = channel
        self.values = Values()
        self.lanes = {}
        self.waiting = 0
        self.stop = False
        threading.Thread(target=self.push, name="cartage-output", daemon=True).start()

    def push(self):
        """The thread that sends what has waited, however long the user's code takes for its next row."""
        while True:
            time.sleep(FULL_SECONDS / 2)
            if self.waiting:
                before = time.monotonic() - FULL_SECONDS
                with self.channel.lock:
                    for lane in self.lanes.values():
                        if lane.size and lane.since <= before:
                            self.flush(lane)

    def lane(self, resource, table=None):
        try:
            return self.lanes[resource, table]
        except KeyError:
            with self.channel.lock:
                lane = self.lanes[resource, table] = Lane(resource, table)
            return lane

    def tell(self, lane, hints):
        """The hints of a table, from its next row on. What its resource has yielded before goes before them."""
        with self.channel.lock:
            self.flush_all(lane.resource)
            lane.hints = hints

    def row(self, lane, row):
        """A row by itself. It is encoded at once: the user's code may change it afterwards."""
        if self.stop:
            raise Stopped
        self.add(lane, "jsonl", self.values.one(row))

    def rows(self, lane, rows):
        """Rows that are no tables of Arrow."""
        if self.stop:
            raise Stopped
        for part in slices(rows, SLICE_OF_COLUMNS):
            columns = self.values.columns(part) if lane.may_have_columns(len(part)) else None
            if columns is not None:
                self.add(lane, "columns", columns)
            else:
                for few in slices(part, SLICE_ROWS):
                    self.add(lane, "jsonl", self.values.lines(few))

    def table(self, lane, table):
        """A table of Arrow, pandas or polars."""
        if self.stop:
            raise Stopped
        for batch in arrow_batches(table):
            with self.channel.lock:
                if lane.form != "arrow" or (lane.batches and lane.batches[0].schema != batch.schema):
                    self.flush(lane)
                lane.form = "arrow"
                lane.batches.append(batch)
                # Batches without rows have a size, too: their columns are sent.
                self.grown(lane, batch.nbytes + 1)

    def add(self, lane, form, text):
        with self.channel.lock:
            if lane.form != form:
                self.flush(lane)
                lane.form = form
            lane.text += text
            self.grown(lane, len(text))

    def grown(self, lane, size):
        if not lane.size:
            lane.since = time.monotonic()
        lane.size += size
        self.waiting += size
        if lane.size >= FULL_BYTES:
            self.flush(lane)
        elif self.waiting >= 8 * FULL_BYTES:
            self.flush_all()

    def flush(self, lane):
        """Sends what waits. The lock is held."""
        if not lane.size:
            return
        payload = arrow_stream(lane.batches) if lane.form == "arrow" else lane.text
        self.waiting -= lane.size
        lane.text, lane.batches, lane.size = bytearray(), [], 0
        hints, lane.hints = lane.hints, None
        self.channel.send("rows", payload, resource=lane.resource, format=lane.form, table=lane.table, hints=hints)

    def flush_all(self, resource=None):
        """Sends what waits, the oldest first: of one resource, or of all."""
        with self.channel.lock:
            lanes = [lane for lane in self.lanes.values() if lane.size and resource in (None, lane.resource)]
            for lane in sorted(lanes, key=lambda lane: lane.since):
                self.flush(lane)

    def drop(self):
        """Forgets what waits: nothing may follow an error."""
        with self.channel.lock:
            self.lanes.clear()
            self.waiting = 0

    def materialize(self, lane, hints):
        """Makes a table, even if no row comes."""
        with self.channel.lock:
            self.flush_all(lane.resource)
            lane.hints = None
            self.channel.send(
                "rows", b"", resource=lane.resource, format="jsonl", table=lane.table, hints=hints
            )
