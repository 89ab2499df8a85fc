"""Tables of Arrow, pandas and polars."""

from .classes import is_of

ARROW_BYTES = 8 << 20


def is_table(value):
    """Whether a value is a table of Arrow, pandas or polars."""
    if type(value) is dict or type(value) is list:
        return False
    return (
        is_of(value, "pyarrow", "Table", "RecordBatch", "RecordBatchReader")
        or is_of(value, "pandas", "DataFrame")
        or is_of(value, "polars", "DataFrame", "LazyFrame")
    )


def arrow_batches(table):
    """A table as batches of Arrow. At least one, which is empty if need be: the columns matter, too."""
    import pyarrow

    if is_of(table, "pandas", "DataFrame"):
        table = pyarrow.Table.from_pandas(table, preserve_index=False)
    elif is_of(table, "polars", "LazyFrame"):
        table = table.collect().to_arrow()
    elif is_of(table, "polars", "DataFrame"):
        table = table.to_arrow()
    if isinstance(table, pyarrow.RecordBatch):
        table = pyarrow.Table.from_batches([table])
    if isinstance(table, pyarrow.RecordBatchReader):
        count = 0
        for batch in table:
            count += 1
            yield from arrow_batches(batch)
        if not count:
            yield pyarrow.RecordBatch.from_pylist([], schema=table.schema)
        return
    # What pandas wrote about its index is of no use elsewhere, and keeps batches apart that have the same columns.
    if table.schema.metadata and b"pandas" in table.schema.metadata:
        metadata = {key: value for key, value in table.schema.metadata.items() if key != b"pandas"}
        table = table.replace_schema_metadata(metadata or None)
    if not table.num_rows:
        yield pyarrow.RecordBatch.from_pylist([], schema=table.schema)
        return
    rows = max(1, int(table.num_rows * min(1.0, ARROW_BYTES / max(1, table.nbytes))))
    yield from table.to_batches(max_chunksize=rows)


def arrow_stream(batches):
    import pyarrow

    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue()
