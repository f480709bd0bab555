"""Outputs: the stock elements that only show.

Their class in JavaScript is in js/src/ui/output.ts.
"""

from livestate_nb.ui.arguments import Path, keys_of, lines_of, number_of, optional, text_of
from livestate_nb.ui.element import Element, element


def markdown(path: Path, *, remote_media: bool = False) -> Element:
    """Show a text in Markdown (GitHub's). What could run in it is left out.

    Args:
        path: which part of the state it shows.
        remote_media: whether images, sounds and films are loaded from other servers than the
            page's, which then know who looks at them; by default they are links.

    Raises:
        TypeError: the path is neither text nor a tuple, or ``remote_media`` no bool.
        ValueError: a key of it is empty.

    Example:
        >>> markdown("notes")
        ui.markdown('notes')
    """
    if not isinstance(remote_media, bool):
        raise TypeError(f"ui.markdown: remote_media: expected a bool, got {remote_media!r}")
    properties = {
        "path": keys_of("ui.markdown: path", path),
        "remoteMedia": remote_media or None,
    }
    return element("markdown", properties, path, remote_media=remote_media or None)


def progress(path: Path, total: Path | float = 1, *, label: str | None = None) -> Element:
    """Show how much of a total is done.

    Args:
        path: where the state says how much is done, a number; None there means that nobody knows.
        total: the whole: a number, or the path of one.
        label: its label; one made of the path by default.

    Raises:
        TypeError: an argument is of another type.
        ValueError: an argument can't be.

    Example:
        >>> progress("done", "total")
        ui.progress('done', 'total')
    """
    whole: list[str] | float
    if isinstance(total, str | tuple):
        whole = keys_of("ui.progress: total", total)
    else:
        whole = number_of("ui.progress: total", total)
        if whole <= 0:
            raise ValueError(f"ui.progress: total: expected more than 0, got {total!r}")
    properties = {
        "path": keys_of("ui.progress: path", path),
        "total": whole,
        "label": optional(text_of, "ui.progress: label", label),
    }
    return element("progress", properties, path, total, label=label)


def log(path: Path, *, label: str | None = None, rows: int | None = None) -> Element:
    """Show lines that are added to; it stays at its end unless it is scrolled up.

    Args:
        path: which part of the state it shows: a list of texts, or one text. The last 1,000 lines
            are shown.
        label: its label, which nothing shows by default.
        rows: lines that are visible at once; 10 by default.

    Raises:
        TypeError: an argument is of another type.
        ValueError: an argument can't be.

    Example:
        >>> log("lines", rows=5)
        ui.log('lines', rows=5)
    """
    properties = {
        "path": keys_of("ui.log: path", path),
        "label": optional(text_of, "ui.log: label", label),
        "rows": optional(lines_of, "ui.log: rows", rows),
    }
    return element("log", properties, path, label=label, rows=rows)


def json(path: Path = "", *, label: str | None = None) -> Element:
    """Show any value as a tree that can be opened and closed.

    Args:
        path: which part of the state it shows; all of it by default.
        label: its label, which nothing shows by default.

    Raises:
        TypeError: an argument is of another type.
        ValueError: an argument can't be.

    Example:
        >>> json("config")
        ui.json('config')
    """
    properties = {
        "path": keys_of("ui.json: path", path),
        "label": optional(text_of, "ui.json: label", label),
    }
    return element("json", properties, path, label=label)
