"""The extension application: its config, its endpoint, its routes."""

import logging

from jupyter_server.extension.application import ExtensionApp
from traitlets import Dict, Unicode

from livestate_nb.channel import options_of
from livestate_nb.runtime import Endpoint
from livestate_nb_server.handlers import InfoHandler, LiveStateHandler
from livestate_nb_server.hosted import Failed, find

_log = logging.getLogger("livestate_nb")


class LiveStateApp(ExtensionApp):
    """Host LiveState channels in a Jupyter server.

    Config::

        c.LiveStateApp.channels = {"todo:*": "package.module:Class"}
    """

    name = "livestate_nb_server"
    extension_url = "/livestate/"

    channels = Dict(
        key_trait=Unicode(),
        value_trait=Unicode(),
        help="""
        Channels that this server hosts: topic pattern -> 'package.module:Class'.
        A pattern is an exact topic, or a prefix and a star: 'todo:*'. Packages may offer more in
        the entry-point group livestate_nb.channels.
        """,
    ).tag(config=True)

    def initialize_settings(self) -> None:
        """Load the channels and make the endpoint that runs them."""
        self.endpoint = Endpoint()
        self.failed: list[Failed] = []
        self._log_parent, _log.parent = _log.parent, self.log
        for one in find(self.channels):
            if isinstance(one, Failed):
                self.log.error("livestate_nb: %s: %s", one.source, one.message)
                self.failed.append(one)
            else:
                self.endpoint.declare(one.channel)
                self.log.info(
                    "livestate_nb: hosting %s (%s)", options_of(one.channel).topic, one.source
                )

    def initialize_handlers(self) -> None:
        """Add the routes, below the server's base_url."""
        self.handlers.extend(
            [
                (r"/livestate/?", InfoHandler, {"app": self}),
                (r"/livestate/websocket", LiveStateHandler, {"endpoint": self.endpoint}),
            ]
        )

    async def stop_extension(self) -> None:
        """Tell all clients that the server goes away, and end what runs."""
        await self.endpoint.close()
        _log.parent = self._log_parent
