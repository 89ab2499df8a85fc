"""ClickHouse for tests: the engine of ClickHouse, which the package chdb-core of PyPI brings, behind its protocol over HTTP.

    clickhouse.py PORT FOLDER

One statement runs at a time. What ClickHouse's own server adds is not there: users, TLS, limits, replication, answers
whose status is sent before they are complete. Parameters of statements are not understood; nobody here sends any.
"""

import os
import re
import sys
import tempfile
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from chdb import session

ENGINE = session.Session(sys.argv[2])
SETTINGS = {}
ONE_AT_A_TIME = threading.Lock()
# What is not a setting of the engine.
OF_SERVER = {
    "query",
    "database",
    "query_id",
    "default_format",
    "wait_end_of_query",
    "max_query_size",
    "select_sequential_consistency",
}
# A user that every test may be, and the password that it has.
USER = ("loader", "hush-hush")
INSERT = re.compile(r"(?is)^\s*insert\s+into\s+(?P<head>.*?)\s+format\s+(?P<format>\w+)\s*$")
INPUT = re.compile(r"(?s)\binput\((?P<structure>'(?:[^'\\]|\\.)*')\)")


def literal(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def change(name, value):
    """Gives a setting of the engine another value, unless it has it."""
    if SETTINGS.get(name) != value:
        ENGINE.query(f"SET {name} = {value if re.fullmatch('[0-9]+', value) else literal(value)}")
        SETTINGS[name] = value


def run(parameters, statement, body):
    """The answer of the engine, as bytes."""
    file = None
    try:
        if body is not None:
            with tempfile.NamedTemporaryFile(dir=sys.argv[2], suffix=".parquet", delete=False) as made:
                made.write(body)
                file = made.name
            statement = of_file(statement, file)
        with ONE_AT_A_TIME:
            change("max_query_size", str(max(262144, len(statement.encode()) * 2)))
            for name, value in parameters.items():
                if name not in OF_SERVER:
                    change(name, value)
            if parameters.get("database", "default") != "default":
                raise ValueError("Code: 81. DB::Exception: Database %s does not exist" % parameters["database"])
            answer = ENGINE.query(statement, parameters.get("default_format", "TabSeparated"))
            return answer.bytes() if answer is not None else b""
    finally:
        if file:
            os.unlink(file)


def of_file(statement, file):
    """The statement with the file in place of what would follow it."""
    found = INSERT.match(statement)
    if not found:
        raise ValueError("Code: 62. DB::Exception: only INSERT .. FORMAT has a body")
    head, kind = found["head"], found["format"]
    if INPUT.search(head):
        table = lambda reads: f"file({literal(file)}, {kind}, {reads['structure']})"
        return "INSERT INTO " + INPUT.sub(table, head)
    return f"INSERT INTO {head} FROM INFILE {literal(file)} COMPRESSION 'none' FORMAT {kind}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body are two packets, of which the second would wait for an answer to the first.
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer(200, b"Ok.\n")

    def do_POST(self):
        parameters = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query, keep_blank_values=True))
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return
        if (self.headers.get("X-ClickHouse-User"), self.headers.get("X-ClickHouse-Key")) != USER:
            self.answer(403, b"Code: 516. DB::Exception: loader: Authentication failed (AUTHENTICATION_FAILED)", 516)
            return
        statement = parameters.get("query", "")
        if not statement:
            statement, body = body.decode(), None
        try:
            self.answer(200, run(parameters, statement, body))
        except Exception as error:
            code = re.search(r"Code: (\d+)", str(error))
            self.answer(404 if code and code[1] in ("60", "81") else 500, str(error).encode(), code[1] if code else None)

    def answer(self, status, body, code=None):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        if code is not None:
            self.send_header("X-ClickHouse-Exception-Code", str(code))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
