"""What a hostile client, kernel or page may send: values, texts, topics and frames.

It must not know what they are sent to.
"""

from typing import Any, Final

from hypothesis import strategies as st

from livestate_nb.codec import dumps
from livestate_nb.protocol import pack
from livestate_nb.protocol.message import (
    EVENT_PREFIX,
    HEARTBEAT,
    PHOENIX_TOPIC,
    PHX_CLOSE,
    PHX_ERROR,
    PHX_JOIN,
    PHX_LEAVE,
    PHX_REPLY,
    REFRESH,
    RESERVED_KEY,
)
from livestate_nb.state.builder import STATE_CHANGE, STATE_PATCH

SCRIPTS: Final = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</template><img src=x onerror=alert(1)>",
    "</style><svg onload=alert(1)>",
    '" onmouseover="alert(1)" x="',
    "' onfocus='alert(1)' autofocus='",
    "<!--<script>",
    "]]><b>",
    "javascript:alert(1)",
    "{{constructor.constructor('alert(1)')()}}",
    "${alert(1)}",
    "{0.__class__}",
    "%s%n%x",
]
"""Texts that do something where they are taken for markup, script or a template."""

NAMES: Final = [
    "__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "__class__", "__dict__",
    "init", "authorize", "handle_event", "_livestate_events", "state", "self", "",
]  # fmt: skip
"""Names that mean something to a language or to a library."""

POINTERS: Final = [
    "", "/", "//", "/-", "/0", "/-1", "/00", "/1e9", "/99999999999999999999", "/~", "/~0", "/~1",
    "/~01", "/~2", "/a~1b", "/__proto__", "/__proto__/x", "/constructor/prototype/x", "/length",
    "a",
]  # fmt: skip

ODD: Final = [
    "\0", "\x7f", "\ufeff", "\u2028", "\u202e", "\ud7ff", "\uffff", "\U0010ffff", "é" * 200,
    "x" * 10_000, "../../../etc/passwd", "..", "/", "//", "a/b", "\\", "%00", "%2e%2e", "*", "**",
    "\r\n\r\n", '"', "٣", "1", "0", "-1", "1" * 17, "1e3", "NaN", "null",
]  # fmt: skip

words = st.one_of(
    st.sampled_from([*SCRIPTS, *NAMES, *POINTERS, *ODD]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
"""Texts that JSON can carry."""

leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    words,
)

values: st.SearchStrategy[Any] = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(words, inner, max_size=4)),
    max_leaves=8,
)
"""JSON values."""

ODD_REFS: Final = [
    None, "1", "2", "3", "01", "", "__proto__", "\0", 0, 1, 2, True, False, 1.0, -1, 2**64, [],
    ["1"], {}, {"1": 1},
]  # fmt: skip
"""Refs, of which many are equal in Python and not on the wire."""

refs = st.one_of(st.sampled_from(ODD_REFS), st.sampled_from(ODD_REFS), values)

EVENTS: Final = [
    PHX_JOIN, PHX_JOIN, PHX_JOIN, PHX_LEAVE, PHX_CLOSE, PHX_ERROR, PHX_REPLY, HEARTBEAT, REFRESH,
    STATE_CHANGE, STATE_PATCH, "error", EVENT_PREFIX, "lvs_evt", "chan_reply_1",
]  # fmt: skip


def topics(*known: str) -> st.SearchStrategy[str]:
    """Return topics: known ones, and those that begin like them."""
    begun = st.builds(str.__add__, st.sampled_from([one.removesuffix("*") for one in known]), words)
    return st.one_of(st.sampled_from(known), begun, words, st.just(PHOENIX_TOPIC))


def events(*handled: str) -> st.SearchStrategy[str]:
    """Return names of events: handled ones, those of the wire, and others."""
    ours = st.sampled_from([EVENT_PREFIX + one for one in handled])
    return st.one_of(
        ours, st.sampled_from(EVENTS), st.builds(str.__add__, st.just(EVENT_PREFIX), words), words
    )


tokens = st.one_of(
    words,
    values,
    st.builds(
        "{}.{}.{}".format,
        st.one_of(st.integers(-1, 5), st.sampled_from(["", "٣", "1" * 17, "1_0", "+1", " 1"])),
        st.one_of(st.integers(-1, 5), st.sampled_from(["", "²", "1" * 17])),
        words,
    ),
)
"""What may be sent as the token of a place."""

asked = st.one_of(
    values,
    st.fixed_dictionaries(
        {},
        optional={
            "session": values,
            "resume": st.one_of(
                values,
                st.fixed_dictionaries({}, optional={"token": tokens, "received": values}),
            ),
        },
    ),
)
"""What may stand in join params under our own client's key."""

join_params = st.one_of(
    values,
    st.builds(
        lambda params, ours: {**params, RESERVED_KEY: ours},
        st.dictionaries(words, values, max_size=2),
        asked,
    ),
)


def text_frames(
    topics: st.SearchStrategy[Any], events: st.SearchStrategy[Any], *, vsn: int
) -> st.SearchStrategy[str]:
    """Return text frames of a version of the wire that hold a message, and some that do not."""
    head = st.tuples(refs, refs, topics, events)
    payloads = st.one_of(join_params, values)
    if vsn == 1:
        names = ("join_ref", "ref", "topic", "event", "payload")
        sound = st.builds(
            lambda head, payload: dict(zip(names, (*head, payload), strict=True)), head, payloads
        )
    else:
        sound = st.builds(lambda head, payload: [*head, payload], head, payloads)
    odd = st.one_of(
        values, st.lists(values, max_size=7), st.dictionaries(words, values, max_size=7)
    )
    encoded = st.one_of(sound, sound, sound, odd).map(lambda value: dumps(value).decode())
    return st.one_of(encoded, encoded, encoded, broken(encoded))


def broken(frames: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return frames of which a part was cut out, and what was never JSON."""
    cut = st.builds(
        lambda frame, start, size: frame[:start] + frame[start + size :],
        frames,
        st.integers(0, 60),
        st.integers(1, 20),
    )
    never = st.one_of(
        st.text(max_size=40),
        st.sampled_from(
            [
                "[" * 100_000,
                '["1","1","' + "\\ud800" + '","phx_join",{}]',
                '[null,null,"a","b",NaN]',
                '["1","1","a","phx_join",1e999]',
                '["1","1","a","phx_join",' + '{"a":' * 5_000 + "1" + "}" * 5_000 + "]",
                "",
                "\ud800",
            ]
        ),
    )
    return st.one_of(cut, never)


def binary_frames(
    topics: st.SearchStrategy[str], events: st.SearchStrategy[str]
) -> st.SearchStrategy[bytes]:
    """Return binary frames of a client, whose header may lie."""
    texts = st.tuples(words, words, topics, events).map(
        lambda some: [text.encode()[:255] for text in some]
    )
    sound = st.builds(pack, texts, st.binary(max_size=40))
    lying = st.builds(lambda frame, head: head + frame[len(head) :], sound, st.binary(max_size=6))
    return st.one_of(sound, lying, st.binary(max_size=60))
