import pytest
from hypothesis import given
from hypothesis import strategies as st

from livestate_nb.codec import Raw, loads
from livestate_nb.errors import ProtocolError
from livestate_nb.protocol import Message, SerializerV1, SerializerV2, pushed, serializer_for
from livestate_nb.protocol.message import TOO_DEEP
from tests.wire.vectors import TRANSCRIPTS

V1, V2 = SerializerV1(), SerializerV2()

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)

RECORDED = [
    line.frame for lines in TRANSCRIPTS.values() for line in lines if line.frame.startswith("[")
]


def is_v2(frame: str) -> bool:
    fields = loads(frame)
    return isinstance(fields, list) and len(fields) >= 5


@pytest.mark.parametrize("frame", [frame for frame in RECORDED if is_v2(frame)])
def test_a_recorded_frame_decodes_to_its_five_fields(frame: str) -> None:
    message = V2.decode(frame)
    fields = [message.join_ref, message.ref, message.topic, message.event, message.payload]
    assert fields == loads(frame)[:5]
    assert loads(V2.encode(message)) == fields


@given(st.tuples(JSON, JSON, JSON, JSON, JSON))
def test_a_message_survives_a_frame(fields: tuple[object, ...]) -> None:
    message = Message(*fields)
    again = V2.decode(V2.encode(message))
    assert repr(again) == repr(message)


def test_a_raw_payload_goes_in_as_it_stands() -> None:
    frame = V2.encode(Message("1", None, "t", "state:patch", Raw(b'{"patch" : []}')))
    assert frame == '["1",null,"t","state:patch",{"patch" : []}]'


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ("{not json", "not JSON"),
        ("", "not JSON"),
        ('{"topic":"todo:all"}', "an object"),
        ('"text"', "a string"),
        ("true", "a boolean"),
        ("null", "null"),
        ("7", "a number"),
        ('["1","3","todo:all","lvs_evt:noop"]', "4 members"),
        ('["1","1","t","e",NaN]', "not JSON"),
        ('["1","1","t","e","\\ud800"]', "not JSON"),
        ('["1","1","t","e",1e999]', "not JSON"),
        ("[" * 100_000, "nested too deeply"),
        (b"\xff\xff", "pushes an event"),
        (b"", "pushes an event"),
        (b"\x01\x01\x01\x01\x01jrtep", "pushes an event"),
        (b"\x00\x01\x01\x01\xffjrte", "expected 263 bytes and a payload, got 9"),
        (b"\x00\x01\x01\x01\x01\xffrte", "UTF-8"),
    ],
)
def test_what_is_no_message_says_why(frame: str | bytes, reason: str) -> None:
    with pytest.raises(ProtocolError, match=reason) as caught:
        V2.decode(frame)
    assert caught.value.code == 1011


def test_a_binary_push_brings_its_payload_as_bytes() -> None:
    frame = b"\x00\x01\x02\x08\x0b" + b"1" + b"12" + b"todo:all" + b"lvs_evt:img" + b"\x00\xff"
    assert V2.decode(frame) == Message("1", "12", "todo:all", "lvs_evt:img", b"\x00\xff")
    assert V2.decode(b"\x00\x00\x00\x01\x01te") == Message(None, None, "t", "e", b"")


@given(st.text("aé✓", max_size=80), st.text("aé✓", min_size=1, max_size=80), st.binary())
def test_bytes_go_out_in_a_binary_push(topic: str, event: str, payload: bytes) -> None:
    frame = V2.encode(Message("7", None, topic, event, payload))
    assert isinstance(frame, bytes)
    sizes = [1, len(topic.encode()), len(event.encode())]
    assert frame == bytes([0, *sizes]) + f"7{topic}{event}".encode() + payload
    assert V2.encode(Message(7, None, topic, event, payload)) == frame


def test_a_binary_push_without_a_join_ref_has_an_empty_one() -> None:
    message = Message(None, None, "t", "e", b"\xff")
    frame = V2.encode(message)
    assert isinstance(frame, bytes)
    assert frame == b"\x00\x00\x01\x01te\xff"
    assert pushed(frame) == message


def test_a_pushed_frame_is_read_by_clients() -> None:
    message = Message("7", None, "t", "image", b"\x89PNG")
    frame = V2.encode(message)
    assert isinstance(frame, bytes)
    assert pushed(frame) == message
    with pytest.raises(ProtocolError):
        pushed(frame[:4])


def test_a_way_without_binary_frames_has_none_for_bytes() -> None:
    way = serializer_for("2.0.0", has_binary=False)
    assert way.encode(Message("7", None, "t", "e", {})) == '["7",null,"t","e",{}]'
    with pytest.raises(ProtocolError, match="long-poll"):
        way.encode(Message("7", None, "t", "e", b""))


def test_a_text_that_is_too_long_for_a_binary_push_is_refused() -> None:
    V2.encode(Message("1", None, "t" * 255, "e", b""))
    with pytest.raises(ProtocolError, match=r"at most 255 bytes .* got 1, 256, 1"):
        V2.encode(Message("1", None, "é" * 128, "e", b""))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (
            '{"topic":"t","event":"phx_join","payload":{},"ref":0}',
            Message(None, 0, "t", "phx_join", {}),
        ),
        (
            '{"topic":"t","event":"e","payload":[1],"ref":null,"join_ref":"3"}',
            Message("3", None, "t", "e", [1]),
        ),
    ],
)
def test_a_v1_frame_is_an_object(frame: str, message: Message) -> None:
    assert V1.decode(frame) == message
    assert loads(V1.encode(message)) == {
        name: value for name, value in loads(frame).items() if name != "join_ref"
    }


def test_a_v1_frame_always_has_a_ref() -> None:
    frame = V1.encode(Message("1", None, "t", "state:patch", Raw(b'{"patch" : []}')))
    assert frame == '{"topic":"t","event":"state:patch","payload":{"patch" : []},"ref":null}'


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ("{not json", "not JSON"),
        ('["1","1","t","e",{}]', "expected a JSON object, got an array"),
        ('{"topic":"t","event":"e","payload":{}}', "got no ref"),
        (b"\x00\x01\x01\x01\x01jrte", "binary"),
    ],
)
def test_what_is_no_v1_message_says_why(frame: str | bytes, reason: str) -> None:
    with pytest.raises(ProtocolError, match=reason) as caught:
        V1.decode(frame)
    assert caught.value.code == 1011


def test_v1_has_no_frame_for_bytes() -> None:
    with pytest.raises(ProtocolError, match=r"vsn=2\.0\.0"):
        V1.encode(Message(None, None, "t", "e", b""))


@pytest.mark.parametrize("vsn", ["1.0.0", "1.0.7"])
def test_vsn_1_0_x_is_spoken(vsn: str) -> None:
    assert isinstance(serializer_for(vsn), SerializerV1)


@pytest.mark.parametrize("vsn", ["2.0.0", "2.0.1"])
def test_vsn_2_0_x_is_spoken(vsn: str) -> None:
    assert isinstance(serializer_for(vsn), SerializerV2)


@pytest.mark.parametrize(
    "vsn", ["2", "2.0", "2.1.0", "3.0.0", "", "garbage", "2.0.x", "2.0.²", "1.1.0"]
)
def test_another_vsn_is_refused_by_name(vsn: str) -> None:
    with pytest.raises(ProtocolError, match=r"2\.0\.0"):
        serializer_for(vsn)


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


@pytest.mark.parametrize("levels", [4, 100, 3_000, 200_000])
def test_a_payload_that_is_nested_too_deeply_is_not_taken(levels: int) -> None:
    frame = f' [ "1" , "2\\"]",\t"todo:all", "lvs_evt:add" ,{nested(levels)}]'
    expected = Message("1", '2"]', "todo:all", "lvs_evt:add", TOO_DEEP)
    assert SerializerV2(depth=3).decode(frame) == expected
    if levels < 500:
        frame = f'{{"topic":"t","event":"e","payload":{nested(levels)},"ref":"1"}}'
        message = SerializerV1(depth=3).decode(frame)
        assert message == Message(None, "1", "t", "e", TOO_DEEP)


@pytest.mark.parametrize(
    "payload",
    [nested(3), '{"a":[{"b":1}],"c":[[]]}', '["[[[[","{{{{"]', '[{"a":{}},{"a":{}},{"a":{}}]', "1"],
)
def test_brackets_beside_one_another_or_in_texts_are_no_depth(payload: str) -> None:
    message = SerializerV2(depth=3).decode(f'["1","2","t","e",{payload}]')
    assert message.payload == loads(payload)


@pytest.mark.parametrize(
    "frame",
    [
        nested(3_000),
        f'["1","2","t",{nested(3_000)},{{}}]',
        f'["1","2","\\ud800","e",{nested(3_000)}]',
        f'["1",NaN,"t","e",{nested(3_000)}]',
    ],
    ids=["no message", "event", "surrogate", "NaN"],
)
def test_what_is_nested_too_deeply_and_has_no_head_breaks_the_protocol(frame: str) -> None:
    with pytest.raises(ProtocolError):
        V2.decode(frame)


HEADS = [
    '["1","2","t",{},0]',
    '["1","2",{},"e",0]',
    '["1",{},"t","e",0]',
    '[{},"2","t","e",0]',
    '{{"join_ref":"1","ref":"2","topic":"t","event":{},"payload":0}}',
    '{{"join_ref":{},"ref":"2","topic":"t","event":"e","payload":0}}',
]


@pytest.mark.parametrize("head", HEADS)
def test_what_is_nested_too_deeply_in_front_of_the_payload_breaks_the_protocol(head: str) -> None:
    serializer = SerializerV2(depth=3) if head.startswith("[") else SerializerV1(depth=3)
    assert loads(nested(3)) in serializer.decode(head.format(nested(3)))
    for levels in (4, 500):
        with pytest.raises(ProtocolError, match="at most 3 arrays and objects in one another"):
            serializer.decode(head.format(nested(levels)))


def test_a_v1_frame_that_nobody_can_read_breaks_the_protocol() -> None:
    with pytest.raises(ProtocolError, match="too deeply"):
        V1.decode(f'{{"topic":"t","event":"e","payload":{nested(3_000)},"ref":"1"}}')
