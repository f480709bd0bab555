"""Connect params and authTokens, as phoenix.js and Plug write them."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livestate_nb_server.params import auth_token, connect_params


@pytest.mark.parametrize(
    ("query", "params"),
    [
        ("", {}),
        ("vsn=2.0.0&token=jupyter&_xsrf=x", {}),
        ("user_id=7", {"user_id": "7"}),
        ("a=1&a=2&empty=", {"a": "2", "empty": ""}),
        ("a%5Bb%5D%5Bc%5D=1&a%5Bd%5D=2", {"a": {"b": {"c": "1"}, "d": "2"}}),
        ("l%5B0%5D=x&l%5B1%5D=y", {"l": {"0": "x", "1": "y"}}),
        ("l[]=x&l[]=y", {"l": ["x", "y"]}),
        ("l[][a]=x", {"l": [{"a": "x"}]}),
        ("a=1&a[b]=2", {"a": {"b": "2"}}),
        ("a[b]=2&a=1", {"a": "1"}),
        ("a[b]=2&a[]=1", {"a": ["1"]}),
        ("[a]=1&a]=2&a[b=3&a[b]c=4", {"[a]": "1", "a]": "2", "a[b": "3", "a[b]c": "4"}),
        ("n=gr%C3%BC%C3%9Fe+you", {"n": "grüße you"}),
        ("a" + "[b]" * 33 + "=1", {"a" + "[b]" * 33: "1"}),
    ],
)
def test_brackets_are_nested(query: str, params: Any) -> None:
    assert connect_params(query) == params


@settings(deadline=None)
@given(st.text(alphabet="a[]=&%5B.", max_size=60))
def test_any_query_gives_params(query: str) -> None:
    assert isinstance(connect_params(query), dict)


def test_too_many_params_are_refused() -> None:
    with pytest.raises(ValueError, match="Max number of fields"):
        connect_params("&".join(f"a{n}=1" for n in range(1001)))


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("", None),
        ("phoenix", None),
        ("phoenix, base64url.bearer.phx.YQ", "a"),
        ("phoenix,base64url.bearer.phx.Pz4_", "?>?"),
        ("phoenix,base64url.bearer.phx.Pz4/", "?>?"),
        ("base64url.bearer.phx.", ""),
    ],
)
def test_an_auth_token_is_found_among_subprotocols(header: str, token: str | None) -> None:
    assert auth_token(header) == token


@pytest.mark.parametrize("encoded", ["!", "a", "_w"])
def test_an_auth_token_that_is_no_text_is_refused(encoded: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        auth_token(f"base64url.bearer.phx.{encoded}")
