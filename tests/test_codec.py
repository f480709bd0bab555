"""The codec: strict both ways, and the same value again."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livestate_nb.codec import Raw, dumps, loads

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None)
@given(VALUES)
def test_a_value_survives_the_codec_type_by_type(value: object) -> None:
    assert repr(loads(dumps(value))) == repr(value)
    assert repr(json.loads(dumps(value))) == repr(value)  # and another codec reads the same


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("123456789012345678901234567890", 123456789012345678901234567890),
        ("-0.0", -0.0),
        ("1e3", 1000.0),
        ('"\\u00e9\\ud83d\\ude00"', "é😀"),
        (b'{"a":[null,true]}', {"a": [None, True]}),
    ],
)
def test_json_is_read_exactly(text: str | bytes, value: object) -> None:
    assert repr(loads(text)) == repr(value)


@pytest.mark.parametrize(
    "text",
    ["", "NaN", "Infinity", "1e400", '"\\ud800"', "{'a':1}", "[1,]", "01", "1 2", "[" * 100_000],
    ids=lambda text: text[:9],
)
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the words are the library's
        loads(text)


def test_encoded_text_goes_in_as_it_stands() -> None:
    assert dumps(["1", Raw(b'{"a" : 1}')]) == b'["1",{"a" : 1}]'


def test_the_codec_itself_writes_nan_as_null() -> None:
    assert dumps([math.nan, math.inf]) == b"[null,null]"  # which is why the encoder refuses them
