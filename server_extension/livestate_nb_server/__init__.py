"""The Jupyter server extension: hosts LiveState channels over WebSockets."""

from importlib.metadata import version
from typing import Any

from livestate_nb_server.app import LiveStateApp

__all__ = ["LiveStateApp"]
__version__ = version("livestate_nb")


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "livestate_nb_server", "app": LiveStateApp}]
