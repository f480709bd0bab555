"""LiveState in standalone Voila, which loads no server extension.

An identity provider may add routes, so ours does: it is all that config has to name. It must not
know Voila but by what it gives to an identity provider.
"""

from typing import Any

from jupyter_server.auth.identity import PasswordIdentityProvider
from jupyter_server.utils import url_path_join
from traitlets.config import Application

from livestate_nb_server.app import LiveStateApp
from livestate_nb_server.handlers import InfoHandler


class WithLiveState(PasswordIdentityProvider):
    """Identify visitors as Voila does by default, and add LiveState's routes to Voila.

    ``voila --Voila.identity_provider_class=livestate_nb_server.voila.WithLiveState``. What
    ``LiveStateApp`` has as config may stand in voila.json or voila.py.
    """

    def get_handlers(self) -> list[tuple[str, object]]:
        """Return the routes of the login, and LiveState's but for the page for authors."""
        voila: Any = self.parent
        app = _Guest(parent=voila)
        app.settings = {"kernel_manager": voila.kernel_manager, "base_url": voila.base_url}
        app.initialize_settings()
        app.initialize_handlers()
        ours = [
            (url_path_join(voila.server_url, route), handler, *arguments)
            for route, handler, *arguments in app.handlers
            if handler is not InfoHandler  # it tells what the server hosts, to who may run code
        ]
        return [*super().get_handlers(), *ours]


class _Guest(LiveStateApp):
    """Be the extension's app in an application that is no Jupyter server.

    Args:
        parent: the application: its config holds here, its log is ours.
    """

    def __init__(self, parent: Application) -> None:
        super().__init__(parent=parent, log=parent.log)
