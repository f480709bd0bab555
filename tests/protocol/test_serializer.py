import pytest
from hypothesis import given
from hypothesis import strategies as st

from livestate_nb.codec import Raw, loads
from livestate_nb.errors import ProtocolError
from livestate_nb.protocol import Message, SerializerV2, serializer_for
from tests.wire.vectors import TRANSCRIPTS

V2 = SerializerV2()

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
        (b"\xff\xff", "binary"),
    ],
)
def test_what_is_no_message_says_why(frame: str | bytes, reason: str) -> None:
    with pytest.raises(ProtocolError, match=reason) as caught:
        V2.decode(frame)
    assert caught.value.code == 1011


@pytest.mark.parametrize("vsn", ["2.0.0", "2.0.1"])
def test_vsn_2_0_x_is_spoken(vsn: str) -> None:
    assert isinstance(serializer_for(vsn), SerializerV2)


@pytest.mark.parametrize(
    "vsn", ["2", "2.0", "2.1.0", "3.0.0", "", "garbage", "2.0.x", "2.0.²", "1.0.0"]
)
def test_another_vsn_is_refused_by_name(vsn: str) -> None:
    with pytest.raises(ProtocolError, match=r"2\.0\.0"):
        serializer_for(vsn)
