"""What stands for an element where it is not live: in a saved notebook, and in what is made of it.

It draws a state without a browser; in JupyterLab js/src/lab replaces that by what the element
shows, each time the notebook is saved. It must not know sessions or widgets.
"""

from collections.abc import Iterator
from datetime import datetime
from html import escape
from typing import Final

from livestate_nb.codec import Json

MIME: Final = "application/x-livestate-view+json"
"""The type by which js/src/lab knows the outputs that are ours."""

HTML: Final = "text/html"

LIMIT: Final = 1_000_000
"""Bytes of JSON from which on a state is not drawn."""

_VALUES: Final = 2_000
"""Values of a state that are drawn."""

_TEXT: Final = 2_000
"""Characters of a text that are drawn."""

_DEPTH: Final = 30
"""How deeply values that are drawn are nested."""

_STYLE: Final = """
:host { display: block }
.mark { display: flex; gap: 0.6em; align-items: baseline; margin: 0.4em 0;
  font-family: var(--jp-ui-font-family, system-ui, sans-serif); font-size: 0.9em;
  color: color-mix(in srgb, currentColor 75%, transparent) }
.mark::before { content: ""; flex: none; width: 0.55em; height: 0.55em; border-radius: 50%;
  border: 1.5px solid currentColor }
.content { color: var(--jp-content-font-color1, inherit);
  font-family: var(--jp-content-font-family, inherit) }
dl, ol { margin: 0; padding-left: 1.6em }
dl { padding-left: 0 }
dt { font-weight: 600 }
dd { margin: 0 0 0.2em 1.6em; white-space: pre-wrap; overflow-wrap: anywhere }
li { white-space: pre-wrap; overflow-wrap: anywhere }
"""

_SCRIPT: Final = """
(function attach(root, prefix) {
  for (const one of root.querySelectorAll(prefix + "template[shadowrootmode]")) {
    const shadow = one.parentNode.attachShadow({ mode: "open" });
    shadow.append(one.content);
    one.remove();
    attach(shadow, "");
  }
})(document, ".livestate-saved > ");
for (const { dataset } of document.querySelectorAll(".livestate-beside")) {
  const views = "script[type='application/vnd.jupyter.widget-view+json']";
  for (const view of document.querySelectorAll(views)) {
    if (view.textContent.includes(dataset.model)) view.remove();
  }
}
"""
"""Does what browsers do with shadow roots of pages that they parse, where HTML is put into a page.

In an exported page it takes away the widget that it stands beside: nothing there could draw it.
"""


def draw(document: Json) -> str:
    """Return the HTML of a state, as a tree; what is beyond some size and depth is counted only."""
    return "".join(_Tree().draw(document))


def frame(content: str, what: str, model: str, at: datetime, *, is_beside: bool) -> str:
    """Return HTML that is marked as not live.

    Args:
        content: its HTML.
        what: what shows it, in words.
        model: the id of the widget's model.
        at: when it was so, with a zone.
        is_beside: whether it stands beside the element, and not in its place.
    """
    minute = at.isoformat(timespec="minutes")
    beside = " livestate-beside" if is_beside else ""
    return (
        f'<div class="livestate-saved{beside}" data-model="{escape(model)}" role="group" '
        f'aria-label="{escape(what)}, not live"><template shadowrootmode="open">'
        f'<style>{_STYLE}</style><p class="mark">Not live: state of '
        f'<time datetime="{minute}">{at:%Y-%m-%d %H:%M}</time></p>'
        f'<div class="content">{content}</div></template></div>'
        f"<script>{_SCRIPT}</script>"
    )


def too_large(size: int) -> str:
    """Return what stands for a state of so many bytes."""
    return f"<p>The state is not saved: it has {size / 1e6:,.1f} MB.</p>"


class _Tree:
    """Draw a state, as long as there are not too many values."""

    def __init__(self) -> None:
        self._left = _VALUES

    def draw(self, value: Json, depth: int = 0) -> Iterator[str]:
        """Yield the HTML of a value."""
        if isinstance(value, dict | list) and value:
            if depth == _DEPTH:
                yield "…"
            elif isinstance(value, dict):
                pairs = [(f"<dt>{_text(key)}</dt><dd>", one, "</dd>") for key, one in value.items()]
                yield from self._members("dl", pairs, depth)
            else:
                yield from self._members("ol", [("<li>", one, "</li>") for one in value], depth)
        else:
            yield _text(_scalar(value))

    def _members(self, tag: str, members: list[tuple[str, Json, str]], depth: int) -> Iterator[str]:
        yield f"<{tag}>"
        shown = 0
        for start, value, end in members:
            if self._left <= 0:
                break
            self._left -= 1
            shown += 1
            yield start
            yield from self.draw(value, depth + 1)
            yield end
        yield f"</{tag}>"
        if shown < len(members):
            yield f"<p>… {len(members) - shown:,} more</p>"


def _scalar(value: Json) -> str:
    """Return a text, number, boolean, null or empty container in words."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def _text(text: str) -> str:
    """Return a text as HTML, cut if it is long."""
    return escape(text if len(text) <= _TEXT else f"{text[:_TEXT]}…")
