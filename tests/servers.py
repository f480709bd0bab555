"""Start real Jupyter servers for tests, each with directories and a port of its own."""

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError

TOKEN = "a-token-for-tests"
PATIENCE = 60.0


@dataclass(frozen=True)
class Server:
    """A running server.

    `url` is its http address with the base_url, ending in a slash.
    """

    url: str
    root: Path
    log: Path
    process: "subprocess.Popen[bytes]"

    @property
    def ws_url(self) -> str:
        return self.url.replace("http", "ws", 1)


@contextmanager
def serve(
    directory: Path,
    application: str = "jupyter_server",
    *options: str,
    config: str = "",
    python: str = sys.executable,
    port: int = 0,
) -> Iterator[Server]:
    """Run a server application below a directory until the block ends.

    Args:
        directory: an empty one, or that of a server that has ended; `root` in it is what the
            server serves.
        application: the module to run, ``"jupyterlab"`` or ``"jupyter_server"``.
        *options: more of its command line.
        config: text of its jupyter_server_config.py.
        python: the interpreter that runs it.
        port: where it listens; 0 for any free port.
    """
    root = directory / "root"
    root.mkdir(exist_ok=True)
    (directory / "config").mkdir(exist_ok=True)
    (directory / "config" / "jupyter_server_config.py").write_text(config)
    port = port or free_port()
    command = [python, "-m", application, "--no-browser", "--allow-root"]
    command += [
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.ip=127.0.0.1",
    ]
    command += [f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={root}", *options]
    with running(directory, command, f"http://127.0.0.1:{port}{_base_url(options)}") as server:
        yield server


@contextmanager
def serve_alone(
    directory: Path, ready: str, *command: str, python: str = sys.executable
) -> Iterator[Server]:
    """Run what is no Jupyter server application below a directory until the block ends.

    Args:
        directory: it has a directory `root`, where the command runs.
        ready: what is asked for, below the server's url, until there is any answer.
        *command: the module to run and its command line, but for ``--port``.
        python: the interpreter that runs it.
    """
    port = free_port()
    full = [python, "-m", *command, f"--port={port}"]
    with running(directory, full, f"http://127.0.0.1:{port}/", ready) as server:
        yield server


@contextmanager
def running(
    directory: Path, command: Sequence[str], url: str, ready: str = "api"
) -> Iterator[Server]:
    """Run a server's command in ``directory / "root"`` until the block ends.

    Args:
        directory: its config and log are there too.
        command: the whole command line.
        url: of the server.
        ready: what is asked for below the url, until there is any answer.
    """
    root, log = directory / "root", directory / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=root, env=environment_of(directory), stdout=output, stderr=output
        )
    server = Server(url, root, log, process)
    try:
        _wait(server, ready)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def environment_of(directory: Path) -> dict[str, str]:
    """Return the environment of what runs below a directory, as a server there."""
    places = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    own = {name: str(directory / place) for name, place in places.items()}
    return {**os.environ, **own, "PYTHONPATH": str(directory / "root"), "PYTHONWARNINGS": "ignore"}


def _base_url(options: Sequence[str]) -> str:
    for option in options:
        if option.startswith("--ServerApp.base_url="):
            return option.partition("=")[2]
    return "/"


def free_port() -> int:
    """Return a port that nobody has.

    It is below those that the system gives to others meanwhile.

    Raises:
        RuntimeError: there is none.
    """
    for _ in range(1_000):
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("expected a free port between 20000 and 31999, found none")


def _wait(server: Server, ready: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            urllib.request.urlopen(f"{server.url}{ready}", timeout=2).close()
        except HTTPError:
            return
        except (URLError, OSError) as error:
            if server.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"no server:\n{server.log.read_text()}") from error
            time.sleep(0.1)
        else:
            return
