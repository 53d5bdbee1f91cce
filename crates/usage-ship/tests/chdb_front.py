"""The engine of a new ClickHouse behind as much of its HTTP interface as ships need. For tests: chdb_front.py PORT FOLDER"""
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from chdb import session

PORT, FOLDER = int(sys.argv[1]), sys.argv[2]
ENGINE = session.Session(FOLDER)
ONE = threading.Lock()  # the database in use is the session's


class Front(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query, keep_blank_values=True))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        sql = asked["query"] + "\n" + body if "query" in asked else body
        with ONE:
            status, answer = self.answer(asked, sql)
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer or b"")))
        self.end_headers()
        self.wfile.write(answer or b"")

    def answer(self, asked, sql):
        try:
            ENGINE.query("USE " + (asked.get("database") or "default"))
            for name in ("async_insert", "max_partitions_per_insert_block", "max_query_size"):
                if name in asked:
                    ENGINE.query(f"SET {name} = {asked[name]}")
            return 200, ENGINE.query(sql, "TabSeparated").bytes()
        except Exception as error:
            return 500, (str(error) + "\n").encode()

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", PORT), Front).serve_forever()
