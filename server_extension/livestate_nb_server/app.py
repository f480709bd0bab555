"""The extension application: its config, its endpoint, its routes."""

import logging
from typing import Any, cast

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from tornado.ioloop import IOLoop
from traitlets import Bool, Callable, Dict, Float, Int, List, TraitError, Unicode, Union, validate

from livestate_nb import bundle
from livestate_nb.channel import options_of
from livestate_nb.errors import LimitError, Refuse
from livestate_nb.limits import Limits
from livestate_nb.runtime import Endpoint
from livestate_nb.runtime.endpoint import IDLE_TIMEOUT
from livestate_nb_server.assets import routes
from livestate_nb_server.audit import Audit
from livestate_nb_server.desk import Connect, Desk
from livestate_nb_server.gallery import Gallery
from livestate_nb_server.gallery import find as find_elements
from livestate_nb_server.handlers import (
    InfoHandler,
    KernelHandler,
    LiveStateHandler,
    WidgetsHandler,
)
from livestate_nb_server.hosted import Failed, Hosted, find, load
from livestate_nb_server.kernels import Kernels
from livestate_nb_server.listener import Listener
from livestate_nb_server.lobby import Lobby
from livestate_nb_server.longpoll import LongPollHandler
from livestate_nb_server.observer import Observer
from livestate_nb_server.outsider import OutsiderHandler
from livestate_nb_server.polls import Polls
from livestate_nb_server.public import NothingHandler, PublicElementHandler
from livestate_nb_server.relay import Relay
from livestate_nb_server.shares import Shares, default_directory
from livestate_nb_server.sharing import Sharing
from livestate_nb_server.visits import Visits

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

    elements = Dict(
        key_trait=Unicode(),
        value_trait=Unicode(),
        help="""
        Elements that this server gives to pages: tag -> file, an absolute path or
        'package:file.js'. Pages import livestate/elements/TAG.js.
        """,
    ).tag(config=True)

    connect = Union(
        [Unicode(), Callable()],
        help="""
        Called for each client that connects, as 'package.module:function' or a function of
        (params, user, auth_token): the connect params (an object whose values are texts), who the
        server authenticated (a livestate_nb.User), and the authToken of phoenix.js or None. It
        returns the first ``assigns`` of the client's members, a dict that encodes to JSON, or None;
        or it raises Refuse, and the client gets 403. It may be async. Clients of the notebook's
        own widgets are not asked.
        """,
    ).tag(config=True)

    limits = Dict(
        key_trait=Unicode(),
        value_trait=Union([Int(), Float()]),
        help="""
        How much clients and kernels may ask for: name -> number, such as {'events_per_second': 50}.
        Names, defaults and what clients see are in the documentation, on the page The server under
        Limits.
        """,
    ).tag(config=True)

    public = Bool(
        True,
        help="""
        Whether authors may share topics with outsiders: livestate/public is there for who brings
        the token of a share. False: it is not, and nothing can be shared.
        """,
    ).tag(config=True)

    revoked_shares = List(
        Unicode(),
        help="""
        The ids of shares that do not hold, beside those that were revoked by
        ``jupyter livestate token --revoke`` or in the notebook that made them.
        """,
    ).tag(config=True)

    @validate("limits")
    def _check_limits(self, proposal: Any) -> dict[str, float]:
        values: dict[str, float] = proposal["value"]
        try:
            Limits.of(values)
        except LimitError as error:
            raise TraitError(f"LiveStateApp.limits: {error}") from error
        return values

    idle_timeout = Float(
        IDLE_TIMEOUT,
        min=0.1,
        help="""
        Seconds without a frame after which a client counts as gone. Clients send a heartbeat every
        30 s; a page in the background may take twice as long.
        """,
    ).tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.raise_config_file_errors = True
        self.listener = Listener()  # Jupyter makes the app before any kernel is started
        self._misconfigured: Failed | None = None

    def _link_jupyter_server_extension(self, serverapp: ServerApp) -> None:
        """Take the config; of one with a wrong value Jupyter takes nothing, and goes on."""
        try:
            super()._link_jupyter_server_extension(serverapp)
        except Exception as error:
            message = f"{error}; no config of LiveStateApp holds, and nobody is let in"
            self._misconfigured = Failed("the config of LiveStateApp", message)
            raise

    def initialize_settings(self) -> None:
        """Load the channels and make the endpoint that runs them."""
        limits, idle = Limits.of(self.limits), self.idle_timeout
        self.observer = Observer(Audit(self.settings.get("event_logger")))
        self.endpoint = Endpoint(limits=limits, idle_timeout=idle, meter=self.observer)
        # answers what clients of kernels ask of nobody else
        self._bare = Endpoint(limits=limits, idle_timeout=idle, meter=self.observer)
        kernels = Kernels(self.settings["kernel_manager"])
        self._lobby = self._make_lobby()
        self._sharing = Sharing(self._lobby, f"{self.settings['base_url']}livestate/public")
        self._relay = Relay(kernels, self.endpoint, self.observer, self._sharing)
        self.observer.watch(self.endpoint, self._relay)
        self.polls = Polls(self.endpoint, self._relay)
        IOLoop.current().add_callback(self.listener.serve, self._relay, kernels)
        self.failed: list[Failed] = []
        self._take_log()
        self._desk = Desk(self._callback())
        for one in find(self.channels):
            self.host(one)
        files, failed = find_elements(self.elements)
        self.gallery = Gallery(files, self._relay)
        for one in failed:
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
        visits = Visits(self.endpoint.limits.sockets_per_user)
        both = {"relay": self._relay, "visits": visits}
        served = {"endpoint": self.endpoint, "desk": self._desk, **both}
        polled = {"polls": self.polls, "desk": self._desk}
        bound = {"endpoint": self._bare, "desk": Desk(None), **both}
        self.handlers.extend(
            [
                (r"/livestate/?", InfoHandler, {"app": self}),
                (r"/livestate/websocket", LiveStateHandler, served),
                (r"/livestate/longpoll", LongPollHandler, polled),
                (r"/livestate/kernels/([^/]+)/websocket", KernelHandler, bound),
                (r"/livestate/kernels/([^/]+)/widgets", WidgetsHandler, {"relay": self._relay}),
                *routes(bundle.PAGE, self.gallery, self._desk, self.observer),
            ]
        )
        if self._lobby is not None:
            public = {"desk": self._desk, "lobby": self._lobby}
            shown = {"gallery": self.gallery, **public}
            joined = {"endpoint": self.endpoint, "relay": self._relay, **public}
            self.handlers.extend(
                [
                    (r"/livestate/public/websocket", OutsiderHandler, joined),
                    (r"/livestate/public/([^/]+)/([^/]+)\.js", PublicElementHandler, shown),
                    (r"/livestate/public(/.*)?", NothingHandler, public),
                ]
            )

    async def stop_extension(self) -> None:
        """Tell all clients that the server goes away, and end what runs."""
        await self.endpoint.close()
        self.polls.close()
        await self._bare.close()
        await self._relay.close()
        await self._sharing.close()
        if self._lobby is not None:
            await self._lobby.close()
        await self.listener.close()
        self.observer.close()
        self._desk.close()
        _log.parent, level = self._log_before
        _log.setLevel(level)

    def _take_log(self) -> None:
        """Let the library's log go where the server's goes, at the server's level.

        Jupyter's own loggers let all lines through, and drop them when they are written: that
        would cost more than an event does.
        """
        self._log_before = _log.parent, _log.level
        _log.parent = self.log
        if _log.level == logging.NOTSET:
            server: Any = self.serverapp or self.parent
            _log.setLevel(server.log_level)

    def _make_lobby(self) -> Lobby | None:
        """Return what lets outsiders in; None where config says no, or could not be read."""
        if self._misconfigured is not None or not self.public:
            return None
        shares = Shares(default_directory(), self.revoked_shares)
        return Lobby(shares, self.endpoint.limits.outsiders)

    def _callback(self) -> Connect | None:
        """Return the connect callback; where it cannot be loaded, one that lets nobody in."""
        if self._misconfigured is not None:
            self.host(self._misconfigured)
            return _refuse
        if not isinstance(self.connect, str):
            callback: Connect = self.connect
            return callback
        if not self.connect:
            return None
        source = f"LiveStateApp.connect = {self.connect!r}"
        found = load(self.connect, source, "function")
        if not isinstance(found, Failed) and not callable(found):
            found = Failed(source, f"expected a function, got {found!r}")
        if isinstance(found, Failed):
            self.host(Failed(source, f"{found.message}; nobody is let in"))
            return _refuse
        return cast("Connect", found)


def _refuse(_params: object, _user: object, _token: object) -> None:
    raise Refuse("nobody is let in until the config is mended")
