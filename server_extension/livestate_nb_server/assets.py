"""The routes that give JavaScript to pages: the package's own, and elements.

They must not know what is in it.
"""

import gzip
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from jupyter_server.auth.decorator import allow_unauthenticated, ws_authenticated
from tornado import web

from livestate_nb_server.admission import AdmissionHandler
from livestate_nb_server.desk import Desk
from livestate_nb_server.gallery import Gallery, module
from livestate_nb_server.observer import Observer
from livestate_nb_server.params import AUTH_HEADER

_JAVASCRIPT: Final = "text/javascript; charset=utf-8"
_IMMUTABLE: Final = "public, max-age=31536000, immutable"
_HASHED: Final = "hashed/"
"""Where js/build.mjs puts what never changes its content."""


class StaticHandler(web.RequestHandler):
    """Give the modules that the package carries to everybody: they are public.

    Any page may import them, also one of another origin.
    """

    def initialize(self, files: dict[str, Path]) -> None:
        """Take the modules by their names in the address; no log shows its query."""
        self.request.uri = self.request.path
        self._files = files

    @allow_unauthenticated
    def get(self, name: str) -> None:
        """Answer with a module, gzipped where the client takes that."""
        # Looked up, never opened by a name that came from outside.
        file = self._files.get(name)
        if file is None or not file.is_file():
            raise web.HTTPError(404)
        self.set_header("Content-Type", _JAVASCRIPT)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Access-Control-Allow-Origin", "*")
        self.set_header("Cache-Control", _IMMUTABLE if name.startswith(_HASHED) else "no-cache")
        self.set_header("Vary", "Accept-Encoding")
        content, gzipped = _read(file, file.stat().st_mtime_ns)
        if "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            content = gzipped
        self.finish(content)


@lru_cache(maxsize=128)
def _read(file: Path, _changed: int) -> tuple[bytes, bytes]:
    """Return the content of a file as it is and gzipped."""
    content = file.read_bytes()
    return content, gzip.compress(content, mtime=0)


class ElementHandler(AdmissionHandler):
    """Give elements, as modules, to who may join channels: those whom the app lets in, too."""

    def initialize(self, gallery: Gallery, desk: Desk, observer: Observer) -> None:
        """Take what finds elements, what asks the app about who wants one, and who measures."""
        super().initialize()
        self.observer = observer
        self._gallery = gallery
        self._desk = desk

    @ws_authenticated
    async def get(self, tag: str) -> None:
        """Answer with the module of an element as it is now; a page asks for it each time."""
        await self.authorize()
        await self.admit(self._desk, lambda: self.request.headers.get(AUTH_HEADER))
        try:
            source = await self._gallery.source(tag)
        except TimeoutError:
            self._fail(504, f"The kernel that shows {tag!r} does not answer: try again.")
            return
        except (OSError, UnicodeDecodeError) as error:
            self.log.warning("livestate_nb: the element %r cannot be read: %s", tag, error)
            self._fail(404, f"The file of {tag!r} cannot be read; the server's log says why.")
            return
        if source is None:
            self._fail(
                404,
                f"There is no element {tag!r}: name its file in c.LiveStateApp.elements, or show "
                "it in a notebook, for a channel that is published.",
            )
            return
        self._answer(_JAVASCRIPT, module(tag, source))

    def _fail(self, status: int, text: str) -> None:
        self.set_status(status)
        self._answer("text/plain; charset=utf-8", text)

    def _answer(self, content_type: str, content: str) -> None:
        self.set_header("Content-Type", content_type)
        self.set_header("Cache-Control", "no-cache")
        self.finish(content)


def routes(
    root: Path, gallery: Gallery, desk: Desk, observer: Observer
) -> list[tuple[str, type[web.RequestHandler], dict[str, Any]]]:
    """Return the routes, below the server's base_url."""
    given = {"gallery": gallery, "desk": desk, "observer": observer}
    files = {file.relative_to(root).as_posix(): file for file in root.rglob("*.js")}
    return [
        (r"/livestate/static/(.+)", StaticHandler, {"files": files}),
        (r"/livestate/elements/([^/]+)\.js", ElementHandler, given),
    ]
