"""Run the testbed: `python -m tests.testbed --port 0` prints where it is ready, SIGTERM ends it.

A real Jupyter server with its authentication open, for tests on this machine only.
"""

import argparse
import os
import tempfile
from pathlib import Path
from typing import Final

from jupyter_server.serverapp import ServerApp
from tornado.ioloop import IOLoop
from traitlets.config import Config

from livestate_nb.channel import options_of
from livestate_nb_server import LiveStateApp
from tests.servers import free_port
from tests.testbed import pages
from tests.testbed.channels import CHANNELS, connect

HOST: Final = "127.0.0.1"
OTHERS: Final = ("jupyter_lsp", "jupyter_server_terminals", "jupyterlab", "notebook_shim")
PLACES: Final = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")


def main() -> None:
    """Serve until SIGTERM."""
    arguments = argparse.ArgumentParser(prog="python -m tests.testbed", description=__doc__)
    arguments.add_argument("--port", type=int, default=0, help="0: any free one")
    port = arguments.parse_args().port or free_port()
    with tempfile.TemporaryDirectory(prefix="testbed-") as directory:
        _serve(port, Path(directory))


def _serve(port: int, directory: Path) -> None:
    for name in PLACES:
        os.environ[name] = str(directory / name.lower())
    static, root = directory / "static", directory / "root"
    for one in (static, root):
        one.mkdir()
    pages.build(static)
    app = ServerApp.instance(config=_config(port, root, static))
    app.initialize(argv=[])
    ready = f"ready ws://{HOST}:{app.port}{app.base_url}livestate"
    IOLoop.current().add_callback(lambda: print(ready, flush=True))
    app.start()


def _config(port: int, root: Path, static: Path) -> Config:
    hosted = {str(options_of(one).topic): f"{one.__module__}:{one.__name__}" for one in CHANNELS}
    return Config(
        {
            "ServerApp": {
                "ip": HOST,
                "port": port,
                "port_retries": 0,
                "root_dir": str(root),
                "open_browser": False,
                "allow_root": True,
                "allow_origin": "*",
                "disable_check_xsrf": True,
                "extra_static_paths": [str(static)],
                "jpserver_extensions": {LiveStateApp.name: True, **dict.fromkeys(OTHERS, False)},
            },
            "IdentityProvider": {"token": ""},
            "LiveStateApp": {"channels": hosted, "connect": connect},
        }
    )


if __name__ == "__main__":
    main()
