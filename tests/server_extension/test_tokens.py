"""The tokens of shares: what they say, that they are whole, and which key signed them."""

import hashlib
import stat
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from itsdangerous import Signer
from itsdangerous.encoding import base64_encode

from livestate_nb.lifetime import LONGEST
from livestate_nb_server.errors import Altered, UnknownKey
from livestate_nb_server.tokens import KEY_LIFE, MAX_TOKEN, PREFIX, Claims, Key, Keys, read, sign

KEY = Key("a" * 32, "0b" * 32, 0.0)
OTHER = Key("b" * 32, "0c" * 32, 0.0)
CLAIMS = Claims("c" * 32, KEY.id, ("todos:*", "né"), ("add",), ("https://page.example",), 1_700_000)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\0é"


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def find(name: str) -> Key | None:
    return {KEY.id: KEY, OTHER.id: OTHER}.get(name)


def test_a_token_says_what_was_signed() -> None:
    token = sign(CLAIMS, KEY)
    assert token.startswith("lvs.")
    assert read(token, find) == CLAIMS


@settings(deadline=None)
@given(
    some.builds(
        Claims,
        id=some.just("c" * 32),
        key=some.just(KEY.id),
        topics=some.lists(some.text(max_size=20)).map(tuple),
        events=some.just("*") | some.lists(some.text(max_size=20)).map(tuple),
        origins=some.lists(some.text(max_size=20)).map(tuple),
        expires=some.integers(0, 2**53),
    )
)
def test_whatever_is_signed_is_read(claims: Claims) -> None:
    token = sign(claims, KEY)
    if len(token) <= MAX_TOKEN:
        assert read(token, find) == claims


@settings(deadline=None)
@given(some.data())
def test_no_other_spelling_is_read(data: some.DataObject) -> None:
    token = sign(CLAIMS, KEY)
    place = data.draw(some.integers(0, len(token)))
    put = data.draw(some.text(ALPHABET, max_size=3))
    taken = data.draw(some.integers(0, 3))
    spoilt = token[:place] + put + token[place + taken :]
    if spoilt != token:
        with pytest.raises((Altered, UnknownKey)):
            read(spoilt, find)


@settings(deadline=None)
@given(some.text(max_size=200) | some.text(ALPHABET).map(PREFIX.__add__))
def test_no_other_text_is_read(text: str) -> None:
    with pytest.raises((Altered, UnknownKey)):
        read(text, find)


@pytest.mark.parametrize(
    ("salt", "digest"), [(b"another", hashlib.sha256), (b"livestate_nb share", hashlib.sha1)]
)
def test_no_other_kind_of_signature_is_read(salt: bytes, digest: object) -> None:
    told = base64_encode(msgspec.json.encode(CLAIMS)).decode()
    signer = Signer(
        bytes.fromhex(KEY.secret),
        salt,
        key_derivation="hmac",
        digest_method=digest,  # type: ignore[arg-type]  # hashlib's own
    )
    with pytest.raises(Altered):
        read(signer.sign(f"{PREFIX}{KEY.id}.{told}").decode(), find)


@pytest.mark.parametrize("told", [b"", b"{}", b"7", b"\xff", b"{", b"not JSON"])
def test_what_a_key_signed_but_sign_did_not_is_not_read(told: bytes) -> None:
    signer = Signer(
        bytes.fromhex(KEY.secret),
        b"livestate_nb share",
        key_derivation="hmac",
        digest_method=hashlib.sha256,
    )
    for text in (base64_encode(told).decode(), "a"):
        with pytest.raises(Altered):
            read(signer.sign(f"{PREFIX}{KEY.id}.{text}").decode(), find)


def test_a_key_signs_for_itself_only() -> None:
    prefix, _, told, proof = sign(CLAIMS, KEY).split(".")
    with pytest.raises(Altered):
        read(f"{prefix}.{OTHER.id}.{told}.{proof}", find)


# keys


def test_the_first_key_is_made_when_it_is_needed_and_only_its_owner_reads_it(
    tmp_path: Path,
) -> None:
    directory = tmp_path / "livestate" / "keys"
    key = Keys(directory).newest()
    assert Keys(directory).newest() == key
    assert Keys(directory).find(key.id) == key
    [path] = directory.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert len(bytes.fromhex(key.secret)) == 32
    assert key.secret not in repr(key)


def test_a_key_that_is_old_signs_no_more_but_verifies(tmp_path: Path) -> None:
    clock = Clock()
    keys = Keys(tmp_path, clock)
    first = keys.newest()
    clock.now += KEY_LIFE - 1
    assert keys.newest() == first
    clock.now += 1
    second = keys.newest()
    assert second != first
    assert keys.newest() == second
    assert keys.find(first.id) == first


def test_a_key_is_dropped_when_no_share_can_need_it(tmp_path: Path) -> None:
    clock = Clock()
    keys = Keys(tmp_path, clock)
    first = keys.newest()
    clock.now += KEY_LIFE + LONGEST
    second = keys.rotate()
    assert keys.find(first.id) == first
    clock.now += 1
    third = keys.rotate()
    assert keys.find(first.id) is None
    assert {keys.find(one.id) for one in (second, third)} == {second, third}


def test_a_key_of_another_name_is_none(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    key = keys.newest()
    (tmp_path / f"{key.id}.json").rename(tmp_path / f"{OTHER.id}.json")
    assert keys.find(OTHER.id) is None
    assert keys.find(f"../{tmp_path.name}/{OTHER.id}") is None
    assert read(sign(replace(CLAIMS, key=KEY.id), KEY), find).key == KEY.id
