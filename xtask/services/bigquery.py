"""Starts bqemulator, a stand-in of BigQuery, on loopback: bigquery.py REST_PORT GRPC_PORT BUCKETS.

It ends with its standard input, so with the process that has started it. What bqemulator lacks and the service has is
added here, around it:

- a job id is taken once: a second job of that id is refused with 409, and jobs of uploads have the id they came with
- a transaction is alone: the emulator has one connection to its database for everybody
- Parquet columns go to those of their names
- statements that the emulator cannot read are sent to it as several
- columns that are added or changed are seen by those who ask for the table
- sessions can be ended
"""

import asyncio
import contextvars
import json
import os
import re
import sys
import threading

from bqemulator import server
from bqemulator.api.routes import upload
from bqemulator.catalog import ddl_sync
from bqemulator.config import Settings
from bqemulator.jobs import executor

JOB_ID = contextvars.ContextVar("job_id", default=None)
CLONE = re.compile(r"^CREATE OR REPLACE TABLE (\S+) CLONE (\S+)$")
ALTERED = re.compile(r"^ALTER TABLE `([^`]+)`\.`([^`]+)`\.`([^`]+)` ")
ADD = re.compile(r"^(ALTER TABLE \S+) (ADD COLUMN .*)$", re.S)
# How long a session may keep others waiting.
PATIENCE = 60


def end_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)


def load_parquet(path, target, context):
    context.engine.execute(f"INSERT INTO {target} BY NAME SELECT * FROM read_parquet(?)", [path])


def steps(sql):
    """Several statements where the emulator takes no single one."""
    if found := CLONE.match(sql):
        return [f"DROP TABLE IF EXISTS {found[1]}", f"CREATE TABLE {found[1]} CLONE {found[2]}"]
    if found := ADD.match(sql):
        columns = found[2].removeprefix("ADD COLUMN ").split(", ADD COLUMN ")
        return [f"{found[1]} ADD COLUMN {column}" for column in columns]
    return [sql]


class Service:
    """What stands in front of the emulator."""

    def __init__(self, app, context):
        self.app, self.context = app, context
        self.database = asyncio.Lock()
        self.owner = None
        self.watch = None
        self.known = set()

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        path, method = scope["path"], scope["method"]
        is_upload = path.startswith("/upload/")
        runs = method == "POST" and path.endswith(("/queries", "/jobs"))
        if not runs:
            # Questions about datasets and tables are answered from memory.
            changes = (is_upload and method == "PUT") or (method != "GET" and "/datasets" in path)
            await (self.alone if changes else self.forward)(scope, body, send)
            return
        document = json.loads(body or b"{}")
        job_id = document.get("jobReference", {}).get("jobId")
        if job_id in self.known:
            await answer(send, 409, refused("duplicate", f"Already Exists: Job {job_id}"))
            return
        if is_upload:
            if job_id:
                document["configuration"]["load"]["_job_id"] = job_id
            await self.forward(scope, json.dumps(document).encode(), send)
            return
        query = document if path.endswith("/queries") else document.get("configuration", {}).get("query", {})
        session = next(
            (entry["value"] for entry in query.get("connectionProperties", []) if entry["key"] == "session_id"),
            None,
        )
        sql = query.get("query", "")
        if sql == "CALL BQ.ABORT_SESSION()":
            sql = "SELECT 1"
            await self.end(session)
        bodies = []
        for query["query"] in steps(sql):
            bodies.append(json.dumps(document).encode())
        status, messages = await self.run(scope, bodies, sql, session)
        if found := ALTERED.match(sql):
            self.refresh(*found.groups())
        if status == 200 and job_id:
            self.known.add(job_id)
        for message in messages:
            await send(message)

    def refresh(self, *table):
        known = self.context.catalog.get_table(*table)
        if known:
            schema = ddl_sync._introspect_schema(*table, self.context)
            self.context.catalog.update_table(known.model_copy(update={"schema_": schema}))

    async def run(self, scope, bodies, sql, session):
        """Runs statements: those of the open transaction at once, all others when there is none."""
        if session and session == self.owner:
            status, messages = await self.answered(scope, bodies)
            if sql in ("COMMIT TRANSACTION", "ROLLBACK TRANSACTION"):
                self.free()
            return status, messages
        await self.database.acquire()
        status, messages = await self.answered(scope, bodies)
        if sql == "BEGIN TRANSACTION" and status == 200:
            self.owner = session or created(messages)
            self.watch = asyncio.create_task(self.give_up(self.owner))
        else:
            self.database.release()
        return status, messages

    async def alone(self, scope, body, send):
        async with self.database:
            await self.forward(scope, body, send)

    async def give_up(self, session):
        await asyncio.sleep(PATIENCE)
        await self.end(session)

    async def end(self, session):
        if session and session == self.owner:
            try:
                self.context.engine.execute("ROLLBACK")
            except Exception:  # There may be none any more.
                pass
            self.free()

    def free(self):
        self.owner = None
        if self.watch and self.watch is not asyncio.current_task():
            self.watch.cancel()
        self.watch = None
        self.database.release()

    async def answered(self, scope, bodies):
        """Hands requests on, which are one to who sent them; returns status and messages of the last answer."""
        for body in bodies:
            messages = []

            async def keep(message):
                messages.append(message)

            await self.forward(scope, body, keep)
        return messages[0]["status"], messages

    async def forward(self, scope, body, send):
        request = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive():
            return request.pop() if request else {"type": "http.disconnect"}

        await self.app(with_length(scope, body), receive, send)


def with_length(scope, body):
    headers = [(name, value) for name, value in scope["headers"] if name != b"content-length"]
    return {**scope, "headers": [*headers, (b"content-length", str(len(body)).encode())]}


def created(messages):
    """The session that an answer tells of."""
    answer = json.loads(b"".join(message.get("body", b"") for message in messages))
    info = answer.get("sessionInfo") or answer.get("statistics", {}).get("sessionInfo", {})
    return info.get("sessionId")


def refused(reason, message):
    error = {"domain": "global", "reason": reason, "message": message}
    return {"error": {"code": 409, "message": message, "errors": [error]}}


async def answer(send, status, document):
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(document).encode()})


def main():
    rest, grpc, buckets = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    threading.Thread(target=end_with_parent, daemon=True).start()
    executor._LOAD_FORMAT_HANDLERS["PARQUET"] = load_parquet
    run_load, new_job_id, create_app = upload._run_load, upload._new_job_id, server.create_app
    service = None

    async def named_load(*, configuration, **others):
        job_id = configuration["load"].pop("_job_id", None)
        JOB_ID.set(job_id)
        done = await run_load(configuration=configuration, **others)
        service.known.add(job_id)
        return done

    def create(context):
        nonlocal service
        service = Service(create_app(context), context)
        return service

    upload._run_load = named_load
    upload._new_job_id = lambda: JOB_ID.get() or new_job_id()
    server.create_app = create
    os.environ["BQEMU_GCS_LOCAL_ROOT"] = buckets
    server.run_forever(
        Settings(rest_port=rest, grpc_port=grpc, default_project_id="cartage-test", log_level="error", log_format="json")
    )


main()
