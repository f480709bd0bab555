"""Shares: topics of this kernel that pages of other sites may join, as its server keeps them.

It must not know sessions, nor how tokens are made.
"""

from typing import Any, Final
from urllib.parse import urlsplit

from livestate_nb import report
from livestate_nb.card import ShareCard
from livestate_nb.channel import Channel, options_of
from livestate_nb.codec import Json
from livestate_nb.errors import HostError, ShareError
from livestate_nb.runtime import Loop
from livestate_nb.screen import Screen
from livestate_nb.terms import Terms
from livestate_nb.transports import uplink_wire as wire
from livestate_nb.transports.uplink import Uplink

EVERY: Final = "all"
"""Stands for each share of the kernel, where people name one."""

NO_SERVER: Final = (
    "this kernel was not started by a Jupyter server with the livestate_nb extension; see `jupyter "
    "server extension list`"
)


class Sharing:
    """Make, list and end the shares of a kernel.

    Args:
        loop: the endpoint's loop.
        screen: has the elements that are shown.
        uplink: the way to the server; None where there is none.
        is_private: whether the kernel is one visitor's own: it opens nothing to others.
    """

    def __init__(
        self, loop: Loop, screen: Screen, uplink: Uplink | None, *, is_private: bool
    ) -> None:
        self._loop = loop
        self._screen = screen
        self._uplink = uplink
        self._is_private = is_private
        self._cards: list[ShareCard] = []

    def share(self, channel: type[Channel], terms: Terms, element: str, url: str) -> ShareCard:
        """Share topics of a channel, and return what shows it; see `Channel.share`."""
        name, pattern = channel.__name__, str(options_of(channel).topic)
        if pattern not in self._way().published:
            raise ShareError(
                f"{name} is not published, and sharing does not do that: run {name}.publish() first"
            )
        _check_url(url)
        tag = element or next(reversed(self._screen.tags(pattern)), "")
        if element and element not in self._screen.tags(pattern):
            raise ShareError(
                f"expected an element that is shown for {name} "
                f"({', '.join(self._screen.tags(pattern)) or 'none is'}), got {element!r}: show it "
                f"first, {name}.show(..., element={element!r})"
            )
        rights: dict[str, Json] = {"events": terms.events, "origins": terms.origins}
        asked = {"topics": [terms.topic], "expires": terms.seconds, "tag": tag or None}
        answer = self._ask(wire.SHARE, **asked, **rights)
        told = {"id": answer["id"], "topic": terms.topic, "expires": answer["expires"]}
        secret = {"token": answer["token"], "mount": answer["mount"], "script": answer["script"]}
        card = ShareCard({**told, **rights, "element": tag}, {**secret, "url": url})
        self._cards.append(card)
        return card

    @property
    def overview(self) -> str:
        """What this kernel shares, as a table.

        Raises:
            HostError: the server cannot be reached.
        """
        return report.shares(self._ask(wire.SHARES)["shares"])

    def revoke(self, share: str) -> list[str]:
        """End a share of this kernel, ``"all"`` for each of them; return the ids of what ended.

        Raises:
            HostError: the server cannot be reached.
            ShareError: this kernel has no such share.
        """
        answer = self._ask(wire.REVOKE, id=wire.ALL if share == EVERY else share)
        revoked: list[str] = answer["revoked"]
        if not revoked and share != EVERY:
            raise ShareError(
                f"expected the id of a share of this kernel, or {EVERY}, got {share!r}: see "
                "%livestate shares"
            )
        return revoked

    def close(self) -> None:
        """End the cards: front ends drop them."""
        for card in self._cards:
            card.close()

    def _way(self) -> Uplink:
        """Return the way to the server.

        Raises:
            HostError: there is none.
        """
        if self._is_private:
            raise HostError("this kernel is one Voila visitor's own, and shares nothing")
        if self._uplink is None:
            raise HostError(
                f"{NO_SERVER}. For what a server hosts, `jupyter livestate token` makes shares"
            )
        return self._uplink

    def _ask(self, what: str, **more: Json) -> Any:
        return self._loop.run(self._way().ask(what, **more))


def _check_url(url: str) -> None:
    """Refuse what is no address of a server."""
    parts = urlsplit(url)
    if url and not (parts.scheme in ("http", "https") and parts.netloc and not parts.query):
        raise ShareError(
            "url: expected where outsiders reach the server, such as 'https://example.org/base', "
            f"got {url!r}"
        )
