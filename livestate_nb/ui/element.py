"""Element: a stock element as it is named in Python, and the ES module that shows it.

An element of one's own kind is made by `element`; its class is in js/src/ui. It must not know
channels or notebooks.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from livestate_nb.codec import Json, dumps

TAG: Final = "livestate-layout"
"""The tag of what a layout's module exports."""

_ESCAPES: Final = {"<": "\\u003c", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@dataclass(frozen=True, slots=True)
class Element:
    """Hold a stock element; the functions of `livestate_nb.ui` make it.

    Args:
        kind: which of the stock elements it is.
        properties: what its class in JavaScript gets, JSON values by their names there.
        children: what it holds.
        call: how it is written in Python.

    Example:
        >>> from livestate_nb import ui
        >>> ui.row(ui.text("title", on="rename"), ui.button("Undo", on="undo"))
        ui.row(ui.text('title', on='rename'), ui.button('Undo', on='undo'))
    """

    kind: str
    properties: dict[str, Json]
    children: tuple["Element", ...] = ()
    call: str = field(default="", compare=False)

    def layout(self) -> dict[str, Json]:
        """Return the element and what it holds as JSON.

        Example:
            >>> from livestate_nb import ui
            >>> ui.column(ui.text("user.name")).layout()
            {'kind': 'column', 'children': [{'kind': 'text', 'path': ['user', 'name']}]}
        """
        plan: dict[str, Json] = {"kind": self.kind, **self.properties}
        if self.children:
            plan["children"] = [child.layout() for child in self.children]
        return plan

    def module(self) -> str:
        """Return the source of the ES module that exports a class of elements which show it.

        Example:
            >>> from livestate_nb import ui
            >>> print(ui.text("title").module())
            import { layout } from "livestate-nb/ui";
            export default layout({"kind":"text","path":["title"]});
            <BLANKLINE>
        """
        plan = dumps(self.layout()).decode()
        for character, escaped in _ESCAPES.items():
            plan = plan.replace(character, escaped)
        return f'import {{ layout }} from "livestate-nb/ui";\nexport default layout({plan});\n'

    def __repr__(self) -> str:
        return self.call


def element(
    kind: str,
    properties: dict[str, Json],
    *given: Any,
    children: tuple[Element, ...] = (),
    **named: Any,
) -> Element:
    """Return an element of a kind.

    Args:
        kind: its kind, which is the name of the function that makes it as well.
        properties: what its class in JavaScript gets; None stands for its default.
        given: the positional arguments of that function, as they are to be shown.
        children: what it holds.
        named: its keyword arguments; None stands for their default.
    """
    arguments = [*map(_shown, given)]
    arguments += [f"{name}={_shown(value)}" for name, value in named.items() if value is not None]
    return Element(
        kind,
        {name: value for name, value in properties.items() if value is not None},
        children,
        f"ui.{kind}({', '.join(arguments)})",
    )


def _shown(value: Any) -> str:
    return value.__qualname__ if isinstance(value, type) else repr(value)
