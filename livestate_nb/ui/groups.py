"""Groups: rows and columns of stock elements.

Their class in JavaScript is in js/src/ui/group.ts.
"""

from livestate_nb.ui.arguments import optional, text_of
from livestate_nb.ui.element import Element, element


def row(*elements: Element, label: str | None = None) -> Element:
    """Show elements side by side, and below each other where that is too narrow.

    Args:
        elements: what it shows.
        label: its heading.

    Raises:
        TypeError: one of them is no element.
        ValueError: there are none, or the label is empty.

    Example:
        >>> from livestate_nb import ui
        >>> row(ui.text("title"), ui.progress("done", "total"), label="Today")
        ui.row(ui.text('title'), ui.progress('done', 'total'), label='Today')
    """
    return _group("row", elements, label)


def column(*elements: Element, label: str | None = None) -> Element:
    """Show elements one below the other.

    Args:
        elements: what it shows.
        label: its heading.

    Raises:
        TypeError: one of them is no element.
        ValueError: there are none, or the label is empty.

    Example:
        >>> from livestate_nb import ui
        >>> column(ui.markdown("notes"), ui.log("lines"))
        ui.column(ui.markdown('notes'), ui.log('lines'))
    """
    return _group("column", elements, label)


def _group(kind: str, elements: tuple[Element, ...], label: str | None) -> Element:
    for number, one in enumerate(elements, 1):
        if not isinstance(one, Element):
            raise TypeError(
                f"ui.{kind}: expected elements, such as ui.text('title'), got {one!r} as number "
                f"{number}"
            )
    if not elements:
        raise ValueError(f"ui.{kind}: expected at least one element, got none")
    properties = {"label": optional(text_of, f"ui.{kind}: label", label)}
    return element(kind, properties, *elements, children=elements, label=label)
