"""The card: what a cell shows of a share, and the HTML to paste, once.

The token reaches the page in a custom message alone: what is saved of a notebook has no such
messages. It must not know channels, nor how shares are made.
"""

from html import escape
from typing import Final

import anywidget
import traitlets

from livestate_nb import bundle, saved
from livestate_nb.codec import Json
from livestate_nb.transports.comm import KIND

SECRET: Final = "share"  # noqa: S105 - a kind of messages, no secret
"""The kind of the custom messages by which a page asks for what to paste, and gets it."""


class ShareCard(anywidget.AnyWidget):
    """Display a share in a notebook; `livestate_nb.Channel.share` makes it.

    Args:
        terms: ``{"id", "topic", "events": [name] | "*", "origins": [origin], "expires": seconds
            since the epoch, "element": tag or ""}``: what everybody may know of it.
        secret: ``{"token", "mount", "script", "url"}``: what the HTML is made of.
    """

    _esm = bundle.CARD
    terms = traitlets.Dict().tag(sync=True)

    def __init__(self, terms: dict[str, Json], secret: dict[str, Json]) -> None:
        super().__init__(terms=terms)
        self._secret: dict[str, Json] | None = secret
        self.on_msg(self._give)

    @property
    def id(self) -> str:
        """The id of the share."""
        return str(self.terms["id"])

    def __repr__(self) -> str:
        """Say which share it is: this is saved with the notebook."""
        return f"<share {self.id} of {self.terms['topic']}>"

    def bundle(self) -> tuple[dict[str, Json], dict[str, Json]]:
        """Return the (data, metadata) by which front ends display it, data by MIME type."""
        data, metadata = self._repr_mimebundle_() or ({}, {})
        note = f"<p>{escape(_NOTE.format(**self.terms))}</p>"
        return {**data, saved.HTML: note, saved.MIME: {}}, metadata

    def _give(self, _widget: object, content: object, _buffers: object) -> None:
        """Send what to paste to the page that asks first."""
        if content == {KIND: SECRET}:
            secret, self._secret = self._secret, None
            self.send({KIND: SECRET, "secret": secret})


_NOTE: Final = (
    "Share {id} of {topic}. What to paste into a page was shown once: run the cell again for "
    "another, or %livestate revoke {id} to end this one."
)
