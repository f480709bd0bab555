"""Link classes that docstrings call by their short name, wherever the class is documented."""

from typing import Any, cast

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.domains.python import PythonDomain
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode


def resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, contnode: nodes.Element
) -> nodes.Element | None:
    """Return a link to the one class of this name, if there is one and only one."""
    name = node.get("reftarget", "")
    if node.get("refdomain") != "py" or not name[:1].isupper():
        return None
    domain = cast("PythonDomain", env.get_domain("py"))
    found = {
        (entry.docname, entry.node_id)
        for full, entry in domain.objects.items()
        if full.endswith(f".{name}")
    }
    if len(found) != 1:
        return None
    ((page, anchor),) = found
    return make_refnode(app.builder, node["refdoc"], page, anchor, contnode, name)


def setup(app: Sphinx) -> dict[str, Any]:
    """Add it to Sphinx."""
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
