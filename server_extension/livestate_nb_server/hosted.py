"""Find the channels that a server hosts: those its config names and those packages offer.

A name that cannot be loaded is reported and harms no other. It must not know handlers or
sockets.
"""

import importlib
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, Final

from livestate_nb import Channel
from livestate_nb.channel import has_main, options_of

ENTRY_POINTS: Final = "livestate_nb.channels"


@dataclass(frozen=True, slots=True)
class Hosted:
    """Hold a channel to host.

    Args:
        channel: its class, which names its topic.
        source: where it was named, for people.
    """

    channel: type[Channel]
    source: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Hold a name that cannot be hosted.

    Args:
        source: where it was named, for people.
        message: what was expected, what came and what to do.
    """

    source: str
    message: str


def find(configured: dict[str, str]) -> list[Hosted | Failed]:
    """Return what config and entry points name, config first.

    Args:
        configured: topic pattern -> ``"package.module:Class"``, as in ``LiveStateApp.channels``.
    """
    found: list[Hosted | Failed] = []
    for pattern, name in configured.items():
        source = f"LiveStateApp.channels[{pattern!r}] = {name!r}"
        found.append(_load(name, source, pattern))
    for entry in entry_points(group=ENTRY_POINTS):
        source = f"entry point {entry.name} = {entry.value}"
        found.append(_load(entry.value, source, None))
    return _without_twins(found)


def in_module(name: str) -> list[Hosted | Failed]:
    """Return the channels that a module defines; those it imports from elsewhere are not its own.

    Args:
        name: the dotted name of a module, or of a package that shows those of its modules.
    """
    source = f"module {name}"
    try:
        values = list(vars(importlib.import_module(name)).values())
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a module may raise anything
        return [Failed(source, f"cannot import it: {type(error).__name__}: {error}")]
    names = [
        f"{value.__module__}:{value.__qualname__}"
        for value in dict.fromkeys(value for value in values if isinstance(value, type))
        if issubclass(value, Channel)
        and f"{value.__module__}.".startswith(f"{name}.")
        and options_of(value).topic is not None
    ]
    if not names:
        return [Failed(source, 'expected a class …(Channel, topic="…") in it, got none')]
    return _without_twins([_load(one, source, None) for one in names])


def load(name: str, source: str, kind: str) -> Any | Failed:
    """Return what a name stands for.

    Args:
        name: ``"package.module:attribute"``.
        source: where it was named, for people.
        kind: what the attribute is to be, for people: ``"Class"`` or ``"function"``.
    """
    module_name, colon, attribute = name.partition(":")
    if not (module_name and colon and attribute):
        return Failed(source, f"expected 'package.module:{kind}', got {name!r}")
    try:
        value: Any = importlib.import_module(module_name)
        for part in attribute.split("."):
            value = getattr(value, part)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a module may raise anything
        return Failed(
            source,
            f"cannot import {name!r}: {type(error).__name__}: {error}; is the package installed in "
            "this environment?",
        )
    return value


def _load(name: str, source: str, pattern: str | None) -> Hosted | Failed:
    value = load(name, source, "Class")
    if isinstance(value, Failed):
        return value
    if not (isinstance(value, type) and issubclass(value, Channel)):
        return Failed(source, f"expected a subclass of livestate_nb.Channel, got {value!r}")
    if has_main(value):
        message = f"{value.__name__} asks for run_on='main', the main thread of a notebook's kernel"
        return Failed(source, f"{message}: the server has none")
    if pattern is None:
        if options_of(value).topic is None:
            return Failed(source, f'{value.__name__} names no topic: class …(Channel, topic="…")')
        return Hosted(value, source)
    return _with_topic(value, pattern, source)


def _with_topic(channel: type[Channel], pattern: str, source: str) -> Hosted | Failed:
    if options_of(channel).topic == pattern:
        return Hosted(channel, source)
    try:
        renamed = type(
            channel.__name__, (channel,), {"__module__": channel.__module__}, topic=pattern
        )
    except Exception as error:  # noqa: BLE001 - a class may run anything when it is subclassed
        return Failed(source, f"{channel.__name__} cannot serve {pattern!r}: {error}")
    return Hosted(renamed, source)


def _without_twins(found: list[Hosted | Failed]) -> list[Hosted | Failed]:
    seen: dict[str | None, str] = {}
    result: list[Hosted | Failed] = []
    for one in found:
        pattern = options_of(one.channel).topic if isinstance(one, Hosted) else None
        if pattern is not None and pattern in seen:
            message = f"{pattern!r} is already served by {seen[pattern]}"
            result.append(Failed(one.source, message))
        else:
            seen[pattern] = one.source
            result.append(one)
    return result
