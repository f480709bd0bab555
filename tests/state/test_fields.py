import dataclasses
from dataclasses import dataclass
from typing import Any

import attrs
import msgspec
import pytest

from livestate_nb.errors import EncodeError
from livestate_nb.state.encoder import encode
from livestate_nb.state.fields import declared_names, fields_of


@dataclass
class Data:
    n: int
    late: int = dataclasses.field(init=False)


@attrs.define
class Attrs:
    n: int
    late: int = attrs.field(init=False)


class Struct(msgspec.Struct, rename="camel", tag="s"):
    is_n: int
    late: Any = 0


@pytest.mark.parametrize("value", [Data(1), Attrs(1)])
def test_a_field_that_was_never_set_is_refused_with_its_path(value):
    with pytest.raises(EncodeError, match=r"late of .* cannot be read \(AttributeError") as caught:
        encode({"rows": [value]})
    assert caught.value.path == "/rows/0/late"
    value.late = 2
    assert encode(value) == {"n": 1, "late": 2}


def test_a_struct_s_fields_are_what_msgspec_sends():
    value = Struct(1)
    assert fields_of(value, declared_names(Struct) or {}) == msgspec.to_builtins(value)
    assert declared_names(Struct) == {"is_n": "isN", "late": "late"}


def test_what_is_unset_is_not_sent():
    @dataclass
    class Row:
        n: Any

    for value in (Row(msgspec.UNSET), Struct(1, msgspec.UNSET)):
        assert fields_of(value, declared_names(type(value)) or {}) == msgspec.to_builtins(value)


def test_other_classes_declare_nothing():
    assert declared_names(dict) is None
