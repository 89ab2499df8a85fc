"""An object server for measuring: `buckets.py PORT MEGABYTES SMALL_OBJECTS MILLISECONDS`.

It speaks as much of S3 as is needed to list and read a bucket `b`: one object `big.jsonl` of so many megabytes, made as
it is asked for, and many objects `small/NNNNN.jsonl` of one row. Each answer takes so many milliseconds. Then

    cargo run --example read_files -p cartage-sources-files -- s3://b/big.jsonl endpoint_url=http://127.0.0.1:PORT \
        aws_access_key_id=a aws_secret_access_key=b

says how long reading took and how much memory it needed (docs/files.md has the figures).
"""
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

PORT, MEGABYTES, SMALL, DELAY = (int(word) for word in sys.argv[1:5])
LINE = b'{"id": 1, "noise": "'.ljust(997, b"x") + b'"}\n'
BLOCK = LINE * 4096
BIG = MEGABYTES * 1_000_000 // len(LINE) * len(LINE)
HEAD = 'ETag: "1"', "Last-Modified: Tue, 14 Nov 2023 22:13:21 GMT"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        time.sleep(DELAY / 1000)
        url = urlsplit(self.path)
        key = unquote(url.path).removeprefix("/b/")
        if "list-type" in url.query:
            return self.list(parse_qs(url.query))
        if key != "big.jsonl" and not key.removeprefix("small/").removesuffix(".jsonl").isdigit():
            self.send_response(404)
            self.send_header("Content-Length", "0")
            return self.end_headers()
        size = BIG if key == "big.jsonl" else len(LINE)
        start, end, status = 0, size, 200
        if wanted := self.headers.get("Range"):
            start, last = wanted.removeprefix("bytes=").split("-")
            start, end, status = int(start), min(int(last) + 1, size), 206
        self.send_response(status)
        self.send_header("Content-Length", str(end - start))
        for line in HEAD:
            self.send_header(*line.split(": ", 1))
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        self.end_headers()
        if self.command == "HEAD":
            return
        while start < end:
            at = start % len(BLOCK)
            piece = BLOCK[at : at + end - start]
            self.wfile.write(piece)
            start += len(piece)

    def list(self, query):
        after = int(query.get("continuation-token", ["0"])[0])
        last = min(after + 1000, SMALL)
        xml = "<ListBucketResult>"
        for number in range(after, last):
            xml += (
                f"<Contents><Key>small/{number:05}.jsonl</Key><Size>{len(LINE)}</Size><ETag>&quot;1&quot;</ETag>"
                "<LastModified>2023-11-14T22:13:21.000Z</LastModified></Contents>"
            )
        if last < SMALL:
            xml += f"<NextContinuationToken>{last}</NextContinuationToken>"
        xml += f"<IsTruncated>{str(last < SMALL).lower()}</IsTruncated></ListBucketResult>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(xml)))
        self.end_headers()
        self.wfile.write(xml.encode())


ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
