"""What one life of a session is made of: channel object, state, mailbox, generators, subscriptions.

A session that Python holds begins another life when it crashes; what was begun in one stays in it.
It must not know frames, handlers or why a life ends.
"""

from collections.abc import Callable
from typing import Any, Protocol

from livestate_nb.channel import Channel, bind, needs_main, options_of
from livestate_nb.errors import ChannelError
from livestate_nb.event import Event
from livestate_nb.limits import Limits
from livestate_nb.presence import Presences
from livestate_nb.pubsub import PubSub
from livestate_nb.roles import Member
from livestate_nb.runtime.attendance import Attendance, presence_of
from livestate_nb.runtime.audience import Audience
from livestate_nb.runtime.ledger import Ledger, Outgoing, event_message
from livestate_nb.runtime.mailbox import Mailbox, Tasks
from livestate_nb.runtime.member import JoinedMember
from livestate_nb.runtime.running import Running
from livestate_nb.runtime.shape import shape_of
from livestate_nb.runtime.subscriptions import Subscriptions
from livestate_nb.runtime.work import Threads, Work


class Site(Tasks, Protocol):
    """What an endpoint offers to channel objects."""

    threads: Threads
    pubsub: PubSub
    presences: Presences
    limits: Limits

    def broadcast(self, topic: str, message: object) -> None:
        """Publish a message, its drafts as plain values."""

    def post(self, function: Callable[..., object], *args: Any) -> None:
        """Run a function on the endpoint's loop; callable from any thread."""


class Life:
    """Hold what a session has from its beginning to its end, or to a crash.

    Implements `livestate_nb.roles.Seat`, whose methods may be called from any thread; all else
    belongs to the endpoint's loop. When it is over, nobody hears what its channel object says.

    Args:
        site: the endpoint.
        channel: the channel's class.
        topic: the session's topic.
        audience: the session's members.
        attendance: how they are present.
        take: called on the loop with this life, the topic of each message that pubsub brings, and
            the message.
        session: stands for the session.
    """

    def __init__(
        self,
        site: Site,
        channel: type[Channel],
        topic: str,
        audience: "Audience[Any]",
        attendance: Attendance,
        take: "Callable[[Life, str, object], None]",
        session: object,
    ) -> None:
        self.session = session
        self.topic = topic
        self.channel = channel()
        self.ledger = Ledger(options_of(channel))
        self.shape = shape_of(channel)
        """Which `migrate` the state is from; see `livestate_nb.runtime.migration`."""
        self.mailbox = Mailbox(site, site.limits.waiting_per_session)
        self.running = Running(site.limits.generators)
        self.is_over = False
        self.is_dropping = False
        """Whether messages are dropped, since too much waits."""
        self._site = site
        self._audience = audience
        self._attendance = attendance
        self._take = take
        self._subscriptions = Subscriptions(site.pubsub, site.post, self._receive)
        bind(self.channel, self)

    @property
    def pattern(self) -> str:
        """The topic of the channel's class statement."""
        return str(self.ledger.options.topic)

    def work(self, function: Callable[..., Any], *args: Any) -> Work:
        """Return a run of one of the channel's callbacks."""
        threads = self._site.threads
        on_main = threads.main is not None and needs_main(type(self.channel), function)
        return Work(threads, function, *args, on_main=on_main)

    def end(self) -> None:
        """End what runs; nothing is begun any more."""
        self.is_over = True
        self._subscriptions.end()
        self.mailbox.close()

    # the channel's seat

    @property
    def members(self) -> list[Member]:
        """Who is joined, in the order they joined."""
        return [] if self.is_over else list(self._audience.joined)

    def push(self, event: str, detail: object) -> None:
        """Send an event to all members."""
        self._site.post(self._send, event_message(Event(event, detail)))

    @property
    def presences(self) -> dict[str, list[dict[str, Any]]]:
        """Who is present on the topic: the metas by key."""
        return self._site.presences.metas(self.topic)

    def subscribe(self, topic: str) -> None:
        """Let messages that are published to a topic or pattern into the mailbox."""
        self._subscriptions.add(topic)

    def unsubscribe(self, topic: str) -> None:
        """Let them in no longer."""
        self._subscriptions.remove(topic)

    def broadcast(self, topic: str, message: object) -> None:
        """Publish a message."""
        self._site.broadcast(topic, message)

    def track(self, member: Member, meta: dict[str, Any], key: str | None) -> None:
        """Let a member be present on the topic, or change how."""
        assert isinstance(member, JoinedMember)  # noqa: S101 - all members of a session are
        if not self.ledger.options.presence:
            name = type(self.channel).__name__
            raise ChannelError(
                f"{name} tells nobody who is present: write class {name}(Channel, presence=True, …)"
            )
        presence = presence_of(member, meta, key)
        self._site.post(self._attendance.track, member, presence)

    def untrack(self, member: Member) -> None:
        """Let a member be present no longer."""
        assert isinstance(member, JoinedMember)  # noqa: S101 - all members of a session are
        self._site.post(self._attendance.untrack, member)

    # inside

    def _send(self, message: Outgoing) -> None:
        if not self.is_over:
            self._audience.send(message)

    def _receive(self, topic: str, message: object) -> None:
        self._take(self, topic, message)
