"""Miss nothing public: each name in the `__all__` of a module is in the reference."""

from importlib import import_module
from typing import Any, cast

from sphinx.application import Sphinx
from sphinx.domains.python import PythonDomain
from sphinx.environment import BuildEnvironment
from sphinx.util.logging import getLogger

_LOGGER = getLogger(__name__)


def check(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of each public name that no page describes."""
    described = cast("PythonDomain", env.get_domain("py")).objects
    for module in app.config.public_modules:
        for name in import_module(module).__all__:
            if f"{module}.{name}" not in described:
                _LOGGER.warning("the reference lacks %s.%s", module, name)


def setup(app: Sphinx) -> dict[str, Any]:
    """Add it to Sphinx."""
    app.add_config_value("public_modules", [], "env", list)
    app.connect("env-check-consistency", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
