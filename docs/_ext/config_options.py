"""The directive `config-options`: the traitlets options of a class, in its own order."""

from collections.abc import Iterator
from importlib import import_module
from inspect import cleandoc
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class ConfigOptions(SphinxDirective):
    """Describe the options that one class adds: ``config-options:: package.module.Class``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a definition for each option."""
        module, _, name = self.arguments[0].rpartition(".")
        lines = list(_described(getattr(import_module(module), name)))
        return self.parse_text_to_nodes(StringList(lines, source=self.arguments[0]))


def _described(configurable: Any) -> Iterator[str]:
    for name, trait in configurable.class_own_traits(config=True).items():
        yield f".. py:attribute:: {configurable.__name__}.{name}"
        yield f"   :value: {trait.default_value_repr()}"
        yield ""
        text = cleandoc(trait.help).replace("*", r"\*")  # written for terminals
        yield from (f"   {line}" for line in text.splitlines())
        yield ""


def setup(app: Sphinx) -> dict[str, Any]:
    """Add it to Sphinx."""
    app.add_directive("config-options", ConfigOptions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
