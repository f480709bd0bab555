"""Stock elements: an interface for a state, without JavaScript.

Each function makes an `Element` that names the part of the state it shows, and the event it
dispatches; ``Todos.show(topic, ui.column(...))`` displays them.
"""

from livestate_nb.ui.arguments import Path
from livestate_nb.ui.controls import button, checkbox, number, select, slider, text
from livestate_nb.ui.data import line, scatter, table
from livestate_nb.ui.element import Element
from livestate_nb.ui.form import form
from livestate_nb.ui.groups import column, row
from livestate_nb.ui.outputs import json, log, markdown, progress

__all__ = [
    "Element",
    "Path",
    "button",
    "checkbox",
    "column",
    "form",
    "json",
    "line",
    "log",
    "markdown",
    "number",
    "progress",
    "row",
    "scatter",
    "select",
    "slider",
    "table",
    "text",
]
