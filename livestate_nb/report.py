"""What an author is told of channels and sessions, as plain text.

It must not know how it is printed.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from livestate_nb.channel import Channel, options_of
from livestate_nb.declaration import has_fallback
from livestate_nb.journal import Entry
from livestate_nb.runtime import Session
from livestate_nb.runtime.failure import cut

_MOST_NAMES: Final = 5
_LONGEST_NAME: Final = 40


def became(before: type[Channel] | None, channel: type[Channel], live: Sequence[Session]) -> str:
    """Say what live sessions lost when a class took them over; "" where they lost nothing.

    Args:
        before: the class that was declared for the topic.
        channel: the class that is now.
        live: the sessions of the topic.
    """
    gone = sorted(set(before.events() if before else ()) - set(channel.events()))
    if not gone or not live or has_fallback(channel):
        return ""
    return (
        f"{channel.__name__}: {_count(live)} of {options_of(channel).topic!r} live on with the new "
        f"class, which no longer handles {', '.join(map(repr, gone))}"
    )


def renamed(channel: type[Channel], before: str, live: Sequence[Session]) -> str:
    """Say what became of the sessions of the topic that a class had before.

    Args:
        channel: the class with its new topic.
        before: the topic's pattern that an earlier form of it is declared for.
        live: the sessions of that.
    """
    return (
        f"{channel.__name__} serves {options_of(channel).topic!r} now. {_count(live)} of "
        f"{before!r} live on with the class as it was: %livestate off {before} ends them"
    )


def overview(
    channels: Mapping[str, type[Channel]],
    sessions: Sequence[Session],
    shown: Iterable[tuple[Session, str]],
    ways: Sequence[str],
    elements: dict[str, int],
) -> str:
    """Return what is declared, where it can be reached, and who is joined.

    Args:
        channels: the declared channels by their pattern.
        sessions: the open sessions.
        shown: which of them are shown, and where.
        ways: how clients reach them, a line each.
        elements: the elements that cells declared, and in how many outputs each is shown.
    """
    places: dict[Session, list[str]] = {}
    for session, place in shown:
        places.setdefault(session, []).append(place)
    lines = ["Declared"]
    lines += _table(
        (
            pattern,
            channel.__name__,
            "shared" if options_of(channel).shared else "",
            ", ".join(channel.events()) or "takes any event",
        )
        for pattern, channel in channels.items()
    ) or ["  nothing: define a class with a topic, or %livestate on NAME"]
    lines += _table(
        (f"<{tag}>", f"shown in {count} output{'' if count == 1 else 's'}")
        for tag, count in elements.items()
    )
    lines += ["", "Reached by", *(f"  {way}" for way in ways), "", "Sessions"]
    lines += _table(
        (
            session.topic,
            type(session.channel).__name__,
            f"version {session.ledger.version if session.ledger.version is not None else '-'}",
            _who(session),
            ", ".join(places.get(session, ())),
        )
        for session in sorted(sessions, key=lambda one: one.topic)
    ) or ["  none"]
    return "\n".join(lines)


def shares(found: Iterable[dict[str, Any]]) -> str:
    """Return what a kernel shares, a line each.

    Args:
        found: shares as the server tells them; see `uplink_wire`.
    """
    lines = _table(
        (
            share["id"],
            ", ".join(share["topics"]),
            _rights(share["events"]),
            ", ".join(share["origins"]),
            f"until {datetime.fromtimestamp(share['expires']).astimezone():%Y-%m-%d %H:%M}",
            f"<{share['tag']}>" if share["tag"] else "",
        )
        for share in found
    )
    return "\n".join(lines) or "  nothing: NAME.share(TOPIC, origins=...) shares topics"


def _rights(events: Sequence[str] | Literal["*"]) -> str:
    """Say which events a share lets pages dispatch."""
    if events == "*":
        return "all events"
    return ", ".join(events) or "read only"


def _who(session: Session) -> str:
    """Return how many are joined, who of them has a name, and how many are away for a time."""
    users = [member.user for member in session.members]
    names = list(dict.fromkeys(user.display_name or user.username for user in users if user))
    shown = [cut(name, _LONGEST_NAME)[1:-1] for name in names[:_MOST_NAMES]]
    if len(names) > _MOST_NAMES:
        shown.append(f"{len(names) - _MOST_NAMES} more")
    away = f", {session.away} away" if session.away else ""
    return f"{len(users)} joined{away}" + (f": {', '.join(shown)}" if shown else "")


def log(entries: Sequence[Entry]) -> str:
    """Return what handlers have printed, or what failed, oldest first."""
    parts = []
    for entry in entries:
        head = f"{entry.time:%H:%M:%S} {entry.channel} {entry.topic}"
        title = f": {entry.title}" if entry.title else ""
        body = "".join(f"\n    {line}" for line in entry.text.rstrip("\n").splitlines())
        parts.append(f"{head}{title}{body}")
    return "\n".join(parts)


def sessions_by_name(live: Iterable[tuple[Session, Sequence[str]]]) -> str:
    """Return the sessions of a topic in one line, for an error."""
    named = [
        f"{', '.join(places) or 'a join of its own'} (version {session.ledger.version or 0}, "
        f"{len(session.members)} joined)"
        for session, places in live
    ]
    return "; ".join(named) or "none"


def _count(sessions: Sequence[Session]) -> str:
    return "1 session" if len(sessions) == 1 else f"{len(sessions)} sessions"


def _table(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Return rows as lines with their columns below each other."""
    cells = list(rows)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in cells]
    return [f"  {'  '.join(line)}".rstrip() for line in lines]
