"""A folder served over HTTP on a free port, plainly or as a server may that means ill."""

import gzip
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@contextmanager
def served(folder, answer=None, prefix="/ledger/acme"):
    """Gives the URL prefix. `answer(handler, name, data)` may answer itself and then gives True."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path.removeprefix(prefix + "/")
            path = Path(folder) / name
            data = path.read_bytes() if self.path.startswith(prefix) and path.is_file() else None
            if answer and answer(self, name, data):
                return
            self.give(200 if data is not None else 404, data or b"")

        def give(self, status, data, **headers):
            self.send_response(status)
            for header, value in headers.items():
                self.send_header(header.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}{prefix}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def compressed(handler, name, data):
    """Gzip without being asked, as tlog-tiles allows for bundles."""
    if data is not None and name.startswith("tile/entries"):
        handler.give(200, gzip.compress(data), Content_Encoding="gzip")
        return True
    return False
