"""Run a Jupyter server with only LiveState in it, for channels without notebooks.

Authentication, TLS, ports and logs are Jupyter's own. It must not know how channels run.
"""

import os
import sys
from typing import Any, Final

from jupyter_server.serverapp import ServerApp
from jupyter_server.services.contents.largefilemanager import LargeFileManager
from traitlets.config import Config

from livestate_nb_server.app import LiveStateApp
from livestate_nb_server.errors import CommandError
from livestate_nb_server.hosted import Failed, Hosted, in_module

_USAGE: Final = """\
usage: jupyter livestate serve [MODULE ...] [OPTIONS]

Run a Jupyter server with only LiveState: no contents, no kernels, no terminals.
It hosts the channels of the modules, beside what config and entry points name.

jupyter livestate serve my_package.channels --port=8888 --ip=0.0.0.0
jupyter livestate serve my_package.channels --IdentityProvider.token=...

All options of `jupyter server` hold; --help-all lists them.
"""


class NoFiles(LargeFileManager):
    """Serve no files."""

    def get_extra_handlers(self) -> list[Any]:
        """Return no routes: the default's would serve what lies in the root directory."""
        return []

    def resolve_path(self, path: str) -> str | None:  # noqa: ARG002 - Jupyter names it
        """Return None: nobody is told whether there is such a file."""
        return None


class LeanServer(ServerApp):
    """Serve nothing but what authentication needs, and LiveState.

    A config file that fails ends it: without what the file says it may let in whom it should not.
    """

    default_services = ("api", "auth", "security")  # type: ignore[assignment] # fewer

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.raise_config_file_errors = True

    @property
    def extension(self) -> LiveStateApp:
        """The extension, once the server is initialized."""
        points = self.extension_manager.extension_points
        extension: LiveStateApp = points[LiveStateApp.name].app
        return extension

    def parse_command_line(self, argv: list[str] | None = None) -> None:
        """Read the options; there are no files or directories to name behind them.

        Raises:
            CommandError: a word belongs to no option.
        """
        super(ServerApp, self).parse_command_line(argv)
        if self.extra_args:
            raise CommandError(
                f"expected modules in front of the options, got {' '.join(self.extra_args)} "
                "behind: jupyter livestate serve MODULE ... --port=8888"
            )

    def find_server_extensions(self) -> None:
        """Find none: a server without notebooks has ours only."""

    def init_server_extensions(self) -> None:
        """Load ours, whatever config says of others."""
        self.jpserver_extensions = {LiveStateApp.name: True}
        super().init_server_extensions()

    def load_config_file(  # type: ignore[override]  # as JupyterApp's own
        self, suppress_errors: bool = True
    ) -> None:
        """Load the config files.

        Raises:
            CommandError: one of them fails, or the one that is asked for is not there.
        """
        stem = os.path.splitext(self.config_file)[0]
        if stem and not any(os.path.exists(stem + kind) for kind in (".py", ".json")):
            raise CommandError(f"expected a file at --config={self.config_file}, got none")
        try:
            super().load_config_file(suppress_errors)
        except Exception as error:
            name = type(error).__name__
            raise CommandError(f"a config file cannot be loaded: {name}: {error}") from error


def serve(argv: list[str]) -> int:
    """Run the server until it is stopped.

    Args:
        argv: modules, then options of Jupyter's.

    Raises:
        CommandError: a module cannot be imported, or has channels that cannot be hosted, or none;
            a config file cannot be loaded; a word behind the options belongs to none of them.
    """
    if argv[:1] in (["-h"], ["--help"]):
        print(_USAGE, end="")
        return 0
    count = next((n for n, word in enumerate(argv) if word.startswith("-")), len(argv))
    modules, options = argv[:count], argv[count:]
    sys.path.insert(0, os.getcwd())  # as for `python -m`: a script has its own directory there
    hosted = [channel for module in modules for channel in _channels(module)]
    config = Config()
    config.ServerApp.open_browser = False
    config.ServerApp.contents_manager_class = NoFiles
    server = LeanServer.instance(config=config)
    server.initialize(options, starter_extension=LiveStateApp.name)
    for channel in hosted:
        server.extension.host(channel)
    server.start()
    return 0


def _channels(module: str) -> list[Hosted]:
    hosted: list[Hosted] = []
    for one in in_module(module):
        if isinstance(one, Failed):
            raise CommandError(f"{one.source}: {one.message}")
        hosted.append(one)
    return hosted
