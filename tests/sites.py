"""Serve pages of a site that has nothing to do with Jupyter: an origin of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Another site</title>
<style>
  :root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }}
  body {{ max-width: 40rem; margin: 2rem auto; padding: 0 1rem }}
</style>
<h1>Another site</h1>
{html}
</html>
"""


class Site:
    """A site whose pages a test writes.

    Args:
        port: where it is served, on this machine.
    """

    def __init__(self, port: int) -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self.pages: dict[str, str] = {}

    def write(self, name: str, html: str) -> str:
        """Write a page with something in it, and return its address."""
        self.pages[f"/{name}"] = _PAGE.format(html=html)
        return f"{self.origin}/{name}"


@contextmanager
def site() -> Iterator[Site]:
    """Serve a site until the block ends."""
    found: list[Site] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = found[0].pages.get(self.path)
            self.send_response(404 if page is None else 200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write((page or "").encode())

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.append(Site(server.server_port))
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield found[0]
        finally:
            server.shutdown()
            thread.join()
