"""Cartage's side in Python: speaks the source protocol for functions and for dlt's sources.

Cartage writes this folder out and starts it with `python -u` in the folder of `pipeline.toml`. It needs Python 3.9 and
nothing besides the standard library; orjson makes it faster if it is there, and what the user's code yields (Arrow,
pandas, polars, pydantic, dlt) is only touched if that code has imported it.

`config` in the message `start`:

    source      "module:name", "path/file.py:name", or the name of one of dlt's own sources ("sql_database"). The name is
                that of a function, of a list of functions, of rows, or of anything that `dlt.pipeline.run` takes
    args        arguments by name
    resources   hints by resource, as in `[[sources.<name>.resources]]`

A function that has nothing to do with dlt is one resource of its name. It may return or yield rows, lists of rows, and
tables of Arrow, pandas or polars, and it may be asynchronous. It may have two parameters that it is given by their name:

    state       a dict that the next run gets back as it was left. Anything that JSON has, and dates, times, decimals,
                UUIDs and bytes
    checkpoint  a function without arguments: what was yielded so far, and `state` as it stands, may be committed.
                Call it only when `state` says how to go on from here

With `state` a function is read from where it ended (`at_end`), with both from near the last checkpoint
(`near_checkpoints`). An attribute `resume = "at_checkpoints"` of the function promises more, see the protocol.
"""
