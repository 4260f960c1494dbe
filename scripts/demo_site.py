#!/usr/bin/env python3
"""The website of the demo company, on an origin of its own: it shows Havn's lead form in a frame, and as a form of its own.

`demo_site.py --port 8001 --havn http://localhost:8000`. With `--parent PID` it ends when that process, which started it, has ended.
"""

import argparse
import os
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

PAGES = Path(__file__).resolve().parent / "demo_site"
KINDS = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8"}
# What the content security policy of a site needs for Havn: docs/lead-forms.md explains each part.
POLICY = "default-src 'self'; script-src 'self' {havn}; frame-src {havn}; connect-src 'self' {havn}; form-action 'self' {havn}; base-uri 'none'"


class Site(ThreadingHTTPServer):
    """Three pages and a style sheet, in which {havn} is Havn's address."""

    daemon_threads = True

    def __init__(self, port: int, havn: str) -> None:
        super().__init__(("127.0.0.1", port), Visit)
        self.policy = POLICY.format(havn=havn)
        self.files = {path.name: (path.read_text().replace("{havn}", havn), KINDS[path.suffix]) for path in PAGES.iterdir()}


class Visit(BaseHTTPRequestHandler):
    """One request."""

    server: Site

    def do_GET(self) -> None:
        """A page of the site, by its name."""
        name = urlsplit(self.path).path.strip("/") or "index.html"
        text, kind = self.server.files.get(name, ("<!doctype html><title>Not found</title><h1>Not found</h1>", KINDS[".html"]))
        self.send_response(HTTPStatus.OK if name in self.server.files else HTTPStatus.NOT_FOUND)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", self.server.policy)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_args: object) -> None:
        """The terminal is Havn's."""


def end_with(parent: int) -> None:
    """End this process when it has lost its parent."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


def main() -> None:
    """Serve until Ctrl+C, or until the parent has gone."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--havn", required=True)
    options.add_argument("--parent", type=int)
    told = options.parse_args()
    if told.parent:
        threading.Thread(target=end_with, args=[told.parent], daemon=True).start()
    with suppress(KeyboardInterrupt):
        Site(told.port, told.havn).serve_forever()


if __name__ == "__main__":
    main()
