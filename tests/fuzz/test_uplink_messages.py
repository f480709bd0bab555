"""Messages of a hostile kernel: no client of another one notices, and the server goes on."""

import asyncio
from types import SimpleNamespace
from typing import Any

from hypothesis import strategies as st

from livestate_nb.codec import dumps, loads
from livestate_nb.errors import ProtocolError
from livestate_nb.protocol import Message, SerializerV2
from livestate_nb.protocol.message import PHX_JOIN, PHX_REPLY
from livestate_nb.runtime import Endpoint
from livestate_nb.transports import uplink_wire as wire
from livestate_nb_server.audit import Audit
from livestate_nb_server.guest import Guest
from livestate_nb_server.kernels import Kernels
from livestate_nb_server.observer import Observer
from livestate_nb_server.relay import Relay
from livestate_nb_server.sharing import Sharing
from tests.fuzz import hostile
from tests.fuzz.cases import fuzz
from tests.fuzz.hostile import leaves, refs, values, words
from tests.relays import USER, Manager

V2 = SerializerV2()
PATTERNS = ["good:*", "good:1", "bad:*", "*", "", "**"]

patterns = st.one_of(st.sampled_from(PATTERNS), words)
topics = hostile.topics("good:1", "good:1", "bad:1")
declarations = st.fixed_dictionaries(
    {
        "channels": st.one_of(st.lists(st.one_of(patterns, leaves), max_size=4), values),
        "published": st.one_of(
            st.dictionaries(patterns, st.one_of(leaves, st.floats(0, 1e10)), max_size=3), values
        ),
        "elements": st.one_of(
            st.dictionaries(words, st.one_of(patterns, leaves), max_size=3), values
        ),
    },
)
closings = st.fixed_dictionaries(
    {},
    optional={
        "code": st.one_of(st.sampled_from([1000, 1005, 1012, 4000, -1, 0, 70_000, True]), values),
        "reason": st.one_of(words, st.just("é" * 100), values),
    },
)
frames = st.one_of(
    st.builds(
        lambda head, payload: V2.encode(Message(*head, payload)),
        st.tuples(refs, refs, topics, st.one_of(hostile.events("add"), st.just(PHX_REPLY))),
        st.one_of(values, st.fixed_dictionaries({"status": st.one_of(st.just("ok"), values)})),
    ),
    hostile.text_frames(topics, hostile.events("add"), vsn=2),
    st.binary(max_size=40),
)
KINDS = [wire.DECLARE, wire.FRAME, wire.CLOSE, wire.ELEMENT, wire.HELLO, wire.OPEN, wire.TAKEN, "z"]
numbers = st.integers(0, 4)
json_bodies = st.one_of(declarations, closings, values).map(lambda body: dumps(body).decode())
messages = st.one_of(
    st.builds(
        wire.pack, st.just(wire.DECLARE), numbers, declarations.map(lambda one: dumps(one).decode())
    ),
    st.builds(
        wire.pack, st.just(wire.CLOSE), numbers, closings.map(lambda one: dumps(one).decode())
    ),
    st.builds(wire.pack, st.just(wire.FRAME), numbers, frames),
    st.builds(wire.pack, st.sampled_from(KINDS), numbers, st.one_of(json_bodies, words, frames)),
)
"""What a kernel may send that does not keep to the rules."""


class Page:
    """A client's socket: implements `livestate_nb.runtime.Transport`."""

    is_congested = False

    def __init__(self) -> None:
        self.frames: list[str | bytes] = []
        self.closed: tuple[int, str] | None = None

    def send(self, frame: str | bytes) -> None:
        self.frames.append(frame)

    def close(self, code: int, reason: str) -> None:
        assert type(code) is int
        assert 1000 <= code < 5000
        assert len(reason.encode()) <= 123
        self.closed = code, reason


class Wire:
    """A kernel's socket: implements `livestate_nb_server.kernel.Uplink`."""

    def __init__(self) -> None:
        self.sent: list[str | bytes] = []
        self.is_open = True

    def send(self, message: str | bytes, number: int = 0) -> bool:
        self.sent.append(message)
        return True

    def hang_up(self) -> None:
        self.is_open = False


class Server:
    """A relay between two kernels, one of them hostile, and clients of both."""

    def __init__(self) -> None:
        manager = Manager()
        for kernel_id in ("good", "bad"):
            manager[kernel_id] = SimpleNamespace(shutting_down=False)
        observer = Observer(Audit(None))
        self.relay = Relay(Kernels(manager), Endpoint(), observer, Sharing(None, ""))
        self.good, self.bad = Wire(), Wire()
        kernel = self.relay.dialled("good", self.good)
        assert kernel is not None
        self.kernel = kernel
        self.pages = [Page(), Page(), Page()]
        self.guests = [
            self.connect(page, kernel_id)
            for page, kernel_id in zip(self.pages, ["good", None, "bad"], strict=True)
        ]
        declared = {"channels": ["good:*"], "published": {"good:*": 1.0}, "elements": {}}
        self.tell(wire.DECLARE, 0, declared)
        for number in (0, 1):
            self.join(self.guests[number], "good:1")
            reply = {"status": "ok", "response": {}}
            self.push(number, Message("1", "1", "good:1", PHX_REPLY, reply))

    def connect(self, page: Page, kernel_id: str | None) -> Guest:
        identity = {
            "vsn": "2.0.0",
            "user": USER,
            "principal": "",
            "assigns": {},
            "has_binary": True,
            "frame_bytes": 8_000_000,
        }
        return self.relay.connect(self.relay.number(), page, identity, kernel_id)

    def join(self, guest: Guest, topic: str) -> None:
        guest.feed(dumps(["1", "1", topic, PHX_JOIN, {}]).decode())

    def tell(self, kind: str, number: int, body: Any) -> None:
        """Let the good kernel say something."""
        self.relay.received(self.kernel, wire.unpack(wire.pack_json(kind, number, body)))

    def push(self, number: int, message: Message) -> None:
        frame = V2.encode(message)
        told = wire.pack(wire.FRAME, self.guests[number].number, frame)
        self.relay.received(self.kernel, wire.unpack(told))

    def be_told(self, message: str | bytes) -> None:
        """Take a message of the bad kernel, as its socket does: what is none ends it."""
        kernel = self.relay.dialled("bad", self.bad) if not self.bad.is_open else None
        kernel = kernel or self.relay.kernel("bad")
        assert kernel is not None
        if kernel.uplink is None:
            self.bad = Wire()
            self.relay.dialled("bad", self.bad)
        try:
            self.relay.received(kernel, wire.unpack(message))
        except (ValueError, ProtocolError):
            self.relay.lost(kernel, self.bad)


@fuzz(300, st.lists(messages, min_size=1, max_size=8), topics)
def test_no_message_of_a_kernel_is_noticed_by_clients_of_another(
    told: list[str | bytes], topic: str
) -> None:
    async def check() -> None:
        server = Server()
        before = [list(page.frames) for page in server.pages]
        for message in told:
            server.join(server.guests[2], "bad:1")
            server.be_told(message)
            for guest in (server.guests[0], server.guests[1]):
                guest.feed('["1","2","good:1","lvs_evt:add",{}]')
            newcomer = server.connect(Page(), None)
            server.join(newcomer, topic)
            server.relay.disconnected(newcomer)
        for number in (0, 1):
            assert server.pages[number].closed is None
            assert server.pages[number].frames == before[number]
            server.push(number, Message("1", None, "good:1", "hello", {}))
            assert loads(server.pages[number].frames[-1])[3] == "hello"
        assert server.good.is_open
        events = [one for one in server.good.sent if "lvs_evt:add" in str(one)]
        assert len(events) == 2 * len(told)
        await server.relay.close()

    asyncio.run(check())


@fuzz(300, st.one_of(messages, words, st.binary(max_size=30)))
def test_a_message_has_a_tag_or_is_none(message: str | bytes) -> None:
    try:
        tagged = wire.unpack(message)
    except ValueError:
        return
    assert tagged.number >= 0
    assert wire.unpack(wire.pack(tagged.kind, tagged.number, tagged.body)) == tagged
