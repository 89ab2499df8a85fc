# Serves fakesnow on a port that is free, says which one, and ends when nobody holds its standard input any more: so it
# ends with the process that has started it, whatever happens to that. What fakesnow does not foresee it answers with
# HTTP 500; where the service has a code for it, that is answered here. Names with quotes, which it forgets to quote, are
# quoted, and clones replace tables, which it forgets.
import logging
import os
import re
import socket
import sys
import threading

import duckdb
import uvicorn
from fakesnow import copy_into, info_schema
from fakesnow.cursor import FakeSnowflakeCursor
from fakesnow.server import app
from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

CODES = [
    (duckdb.ConstraintException, 100072, "22000"),
    (duckdb.ConversionException, 100038, "22018"),
    (duckdb.OutOfRangeException, 100038, "22003"),
    (duckdb.InvalidInputException, 100038, "22018"),
    (duckdb.TransactionException, 625, "57014"),
]
CLONE = re.compile(r"^(CREATE OR REPLACE TABLE .*) CLONE (.*) COPY GRANTS$")
# The table that a MERGE is made with. What is noted about it is in another database, which a transaction cannot write to.
MERGED = "merge_candidates"
execute = FakeSnowflakeCursor.execute
insert_table_comment_sql = info_schema.insert_table_comment_sql
insert_text_lengths_sql = info_schema.insert_text_lengths_sql
strip_json_extract = copy_into._strip_json_extract


def execute_with_codes(self, command, *args, **kwargs):
    try:
        return execute(self, CLONE.sub(r"\1 AS SELECT * FROM \2", command), *args, **kwargs)
    except duckdb.Error as error:
        for kind, code, state in CODES:
            if isinstance(error, kind):
                raise ProgrammingError(msg=str(error), errno=code, sqlstate=state) from None
        raise


def with_quoted_names(catalog, schema, table, text_lengths):
    if table.lower() == MERGED:
        return "SELECT 1"
    quoted = [(name.replace("'", "''"), *rest) for name, *rest in text_lengths]
    return insert_text_lengths_sql(catalog, schema, table.replace("'", "''"), quoted)


def without_merges(catalog, schema, table, comment):
    return "SELECT 1" if table.lower() == MERGED else insert_table_comment_sql(catalog, schema, table, comment)


def with_quoted_columns(select):
    stripped = strip_json_extract(select)
    for column in stripped.find_all(exp.Identifier):
        column.set("quoted", True)
    return stripped


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


FakeSnowflakeCursor.execute = execute_with_codes
info_schema.insert_table_comment_sql = without_merges
info_schema.insert_text_lengths_sql = with_quoted_names
copy_into._strip_json_extract = with_quoted_columns
threading.Thread(target=end_with_parent, daemon=True).start()
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(128)
print(listener.getsockname()[1], flush=True)
level = os.environ.get("FAKESNOW_LOG", "error")
logging.getLogger("fakesnow.server").setLevel(level.upper())
uvicorn.run(app, fd=listener.fileno(), log_level=level)
