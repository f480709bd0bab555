"""The extension application: its config, its endpoint, its routes."""

import logging
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from tornado.ioloop import IOLoop
from traitlets import Dict, Unicode

from livestate_nb.channel import options_of
from livestate_nb.runtime import Endpoint
from livestate_nb_server.handlers import InfoHandler, KernelHandler, LiveStateHandler
from livestate_nb_server.hosted import Failed, Hosted, find
from livestate_nb_server.kernels import Kernels
from livestate_nb_server.listener import Listener
from livestate_nb_server.relay import Relay

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

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._listener = Listener()  # Jupyter makes the app before any kernel is started

    def initialize_settings(self) -> None:
        """Load the channels and make the endpoint that runs them."""
        self.endpoint = Endpoint()
        self._bare = Endpoint()  # answers what clients of kernels ask of nobody else
        kernels = Kernels(self.settings["kernel_manager"])
        self._relay = Relay(kernels, self.endpoint)
        IOLoop.current().add_callback(self._listener.serve, self._relay, kernels)
        self.failed: list[Failed] = []
        self._log_parent, _log.parent = _log.parent, self.log
        for one in find(self.channels):
            self.host(one)

    def host(self, one: Hosted | Failed) -> None:
        """Host a channel that was found, or tell why it cannot be."""
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
        served = {"endpoint": self.endpoint, "relay": self._relay}
        bound = {"endpoint": self._bare, "relay": self._relay}
        self.handlers.extend(
            [
                (r"/livestate/?", InfoHandler, {"app": self}),
                (r"/livestate/websocket", LiveStateHandler, served),
                (r"/livestate/kernels/([^/]+)/websocket", KernelHandler, bound),
            ]
        )

    async def stop_extension(self) -> None:
        """Tell all clients that the server goes away, and end what runs."""
        await self.endpoint.close()
        await self._bare.close()
        await self._relay.close()
        await self._listener.close()
        _log.parent = self._log_parent
