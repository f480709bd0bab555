"""The head of a frame is what its serializer reads, or the same refusal."""

import pytest

from livestate_nb.errors import ProtocolError
from livestate_nb.protocol import SerializerV2, serializer_for
from livestate_nb.protocol.head import head_of

V1, V2 = serializer_for("1.0.0"), SerializerV2()


@pytest.mark.parametrize(
    ("frame", "serializer"),
    [
        ('["1","2","todo:all","lvs_evt:add",{"title":"milk"}]', V2),
        ('[null,0,"phoenix","heartbeat",{},"more"]', V2),
        ('[1.5,{"a":[]},7,null,null]', V2),
        (b"\x00\x01\x01\x03\x0412a:blvs_x", V2),
        (f'["1","2","a","b",{"[" * 3_000}{"]" * 3_000}]', V2),
        ('{"topic":"todo:all","event":"phx_join","payload":{},"ref":"1"}', V1),
    ],
)
def test_a_head_is_what_the_serializer_reads(frame: str | bytes, serializer: SerializerV2) -> None:
    head, message = head_of(frame, serializer), serializer.decode(frame)
    assert (head.join_ref, head.ref, head.topic, head.event) == message[:4]


@pytest.mark.parametrize(
    ("frame", "serializer"),
    [
        ("not JSON", V2),
        ("", V2),
        ("{}", V2),
        ("[1,2,3,4]", V2),
        ("[" * 100_000, V2),
        ('[NaN,"1","a","b",{}]', V2),
        (b"\x01", V2),
        ("[]", V1),
        (b"\x00", V1),
    ],
)
def test_what_is_no_message_has_no_head(frame: str | bytes, serializer: SerializerV2) -> None:
    with pytest.raises(ProtocolError):
        serializer.decode(frame)
    with pytest.raises(ProtocolError):
        head_of(frame, serializer)
