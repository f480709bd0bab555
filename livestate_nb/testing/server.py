"""A Jupyter server of its own for tests, with only LiveState in it.

It runs ``jupyter livestate serve`` in a process beside the test. It must not know channels.
"""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from livestate_nb.codec import Json
from livestate_nb.state.builder import STATE_CHANGE
from livestate_nb.testing.blocking import Client, Joined, connect
from livestate_nb.testing.log import Log
from livestate_nb.testing.rig import TIMEOUT

_PATIENCE: Final = 30.0
"""Seconds that a server may take to start, and to end."""

_POLL: Final = 0.05
_HOST: Final = "127.0.0.1"


class Server:
    """Hold a running server; `serving` starts one.

    Args:
        url: where clients connect.
        token: lets them in.
        timeout: seconds that its clients wait for anything.
    """

    def __init__(self, url: str, token: str, timeout: float) -> None:
        self.url = url
        self.token = token
        self._timeout = timeout
        self._clients = ExitStack()

    def connect(self, params: dict[str, str] | None = None) -> Client:
        """Return a new client, which is closed with the server at the latest.

        Args:
            params: connect params.
        """
        dialling = connect(self.url, token=self.token, params=params, timeout=self._timeout)
        return self._clients.enter_context(dialling)

    def join(
        self, topic: str, params: dict[str, Json] | None = None, *, first: str = STATE_CHANGE
    ) -> Joined:
        """Join a topic with a client of its own; see `AsyncClient.join`."""
        __tracebackhide__ = True
        return self.connect().join(topic, params, first=first)

    def close(self) -> None:
        """Close all clients."""
        self._clients.close()


@contextmanager
def serving(*modules: str, timeout: float = TIMEOUT) -> Iterator[Server]:
    """Run a server that hosts the channels of modules, until the block ends.

    Args:
        *modules: importable from here, such as ``"my_package.channels"``.
        timeout: seconds that its clients wait for anything.

    Raises:
        RuntimeError: it did not start; the message is its log.
    """
    token = secrets.token_hex(16)
    with TemporaryDirectory(prefix="livestate-") as place:
        command = [sys.executable, "-m", "livestate_nb_server", "serve", *modules]
        command += ["--port=0", f"--ip={_HOST}", "--allow-root"]
        process = subprocess.Popen(  # noqa: S603 - our own program
            command,
            env=_environment(place, token),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        log = Log(process)
        try:
            url = _url(process, Path(place) / "runtime")
            if url is None:
                _end(process)
                raise RuntimeError(f"the server did not start:\n{log.read()}")
            server = Server(url, token, timeout)
            try:
                yield server
            finally:
                server.close()
        finally:
            _end(process)
            log.close()


def _end(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _environment(place: str, token: str) -> dict[str, str]:
    """Return the environment in which a server neither finds nor leaves anything of the user's."""
    kinds = ("config", "data", "runtime")
    own = {f"JUPYTER_{kind.upper()}_DIR": str(Path(place) / kind) for kind in kinds}
    own["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))  # with what pytest has put there
    own["PYTHONUNBUFFERED"] = "1"  # what handlers print is told when they do
    return {**os.environ, **own, "JUPYTER_TOKEN": token}


def _url(process: "subprocess.Popen[str]", runtime: Path) -> str | None:
    """Return where clients connect, once the server listens and has said so; None if it fails."""
    deadline = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        if (info := _info(runtime)) and _listens(info["port"]):
            return f"{info['url'].replace('http', 'ws', 1)}livestate"
        time.sleep(_POLL)
    return None


def _listens(port: int) -> bool:
    """Return whether the server takes connections: it writes down where it is before it does."""
    try:
        socket.create_connection((_HOST, port)).close()
    except ConnectionRefusedError:
        return False
    return True


def _info(runtime: Path) -> dict[str, Any]:
    for found in runtime.glob("jpserver-*.json"):
        try:
            info: dict[str, Any] = json.loads(found.read_text())
        except ValueError:
            continue  # it is being written
        return info
    return {}
