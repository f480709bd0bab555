"""Say what a Jupyter server here would host, and what it could not.

It must not know handlers or sockets.
"""

import logging

from traitlets.config import Config

from livestate_nb.channel import options_of
from livestate_nb_server.hosted import Hosted, find
from livestate_nb_server.serve import LeanServer


def listing() -> tuple[str, bool]:
    """Return a text for people, and whether all that is named can be hosted.

    Raises:
        CommandError: a config file cannot be loaded.
    """
    config = Config()
    config.LiveStateApp.log_level = logging.CRITICAL  # what cannot be loaded is in the text
    server = LeanServer(config=config, log_level=logging.CRITICAL)
    server.initialize([], new_httpserver=False)
    hosted = [one for one in find(server.extension.channels) if isinstance(one, Hosted)]
    elements, failed = server.extension.gallery.files, server.extension.failed
    lines = [line for one in hosted for line in _describe(one)] or [_NOTHING]
    lines += [f"<{tag}>  {file}" for tag, file in elements.items()]
    for one in failed:
        lines += [f"FAILED  {one.source}", f"        {one.message}"]
    return "\n".join(lines), not failed


def _describe(one: Hosted) -> list[str]:
    channel = one.channel
    return [
        f"{options_of(channel).topic}  {channel.__module__}:{channel.__qualname__}",
        f"        events: {', '.join(channel.events()) or 'none'}",
        f"        from {one.source}",
    ]


_NOTHING = """\
no channels: put this into jupyter_server_config.py
    c.LiveStateApp.channels = {"todo:*": "package.module:Class"}"""
