"""Shares on disk: what can be shared, what a token opens, and what ends that."""

import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from livestate_nb.errors import ShareError
from livestate_nb_server.errors import Altered, Expired, ForeignOrigin, Revoked, UnknownKey
from livestate_nb_server.shares import MAX_NAMES, Shares, Wish
from livestate_nb_server.tokens import MAX_TOKEN, sign
from tests.server_extension.outsiders import PAGE, make
from tests.server_extension.test_tokens import Clock

WISH = Wish(["todos:*"], "*", [PAGE], "1h", None)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shares(tmp_path: Path, clock: Clock) -> Shares:
    return Shares(tmp_path / "livestate", clock=clock)


def test_a_token_opens_its_share_in_any_process_of_the_user(
    shares: Shares, clock: Clock, tmp_path: Path
) -> None:
    share, token = make(shares, "todos:*", "news", events=["add"])
    assert shares.open(token, PAGE) == share
    assert Shares(tmp_path / "livestate", clock=clock).open(token, PAGE) == share
    assert share.opens("todos:1")
    assert share.opens("news")
    assert not share.opens("todo")
    assert share.takes("add")
    assert not share.takes("ad")


def test_nothing_on_disk_has_the_token_and_only_its_owner_reads_it(
    shares: Shares, tmp_path: Path
) -> None:
    mask = os.umask(0)
    try:
        share, token = make(shares)
    finally:
        os.umask(mask)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.parent.name for path in files} == {"shares", "keys"}
    assert len(files) == 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    places = {place for path in files for place in (path.parent, path.parent.parent)}
    assert {stat.S_IMODE(place.stat().st_mode) for place in places} == {0o700}
    proof = token.rpartition(".")[2]
    assert not any(proof in path.read_text() for path in files)
    assert shares.all() == [share]


def test_it_ends_at_its_moment(shares: Shares, clock: Clock) -> None:
    share, token = make(shares, lifetime=60)
    assert share.expires == clock.now + 60
    clock.now += 59
    assert shares.open(token, PAGE) == share
    clock.now += 1
    with pytest.raises(Expired, match="share expired"):
        shares.open(token, PAGE)
    assert shares.find(share.id) is None
    assert shares.all() == []


def test_it_ends_when_it_is_revoked(shares: Shares) -> None:
    share, token = make(shares)
    kept, other = make(shares)
    assert shares.revoke(share.id)
    assert not shares.revoke(share.id)
    with pytest.raises(Revoked, match="share revoked"):
        shares.open(token, PAGE)
    assert shares.open(other, PAGE) == kept


def test_a_share_that_config_names_does_not_hold(
    shares: Shares, tmp_path: Path, clock: Clock
) -> None:
    share, token = make(shares)
    strict = Shares(tmp_path / "livestate", [share.id], clock)
    with pytest.raises(Revoked):
        strict.open(token, PAGE)
    assert strict.find(share.id) is None
    assert strict.all() == []


def test_records_of_what_has_expired_go_when_something_is_shared(
    shares: Shares, clock: Clock, tmp_path: Path
) -> None:
    _, token = make(shares, lifetime=60)
    clock.now += 60
    share, _ = make(shares)
    assert [path.stem for path in (tmp_path / "livestate" / "shares").iterdir()] == [share.id]
    with pytest.raises(Expired):
        shares.open(token, PAGE)


def test_a_record_that_says_something_else_than_its_token_opens_nothing(
    shares: Shares, tmp_path: Path
) -> None:
    share, token = make(shares, "todos:me")
    path = tmp_path / "livestate" / "shares" / f"{share.id}.json"
    path.write_text(path.read_text().replace("todos:me", "todos:*"))
    with pytest.raises(Altered):
        shares.open(token, PAGE)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"id": "x"}', b"\xff\xfe"])
def test_a_record_that_cannot_be_read_opens_nothing_and_harms_no_other(
    shares: Shares, tmp_path: Path, content: bytes
) -> None:
    share, token = make(shares)
    kept, other = make(shares)
    (tmp_path / "livestate" / "shares" / f"{share.id}.json").write_bytes(content)
    with pytest.raises(Revoked):
        shares.open(token, PAGE)
    assert shares.open(other, PAGE) == kept
    assert shares.all() == [kept]
    assert shares.revoke(share.id)


def test_who_has_an_old_key_forges_no_share_of_a_new_one(shares: Shares) -> None:
    old = shares.keys.newest()
    earlier, token = make(shares)
    new = shares.keys.rotate()
    share, _ = make(shares)
    assert share.key == new.id
    assert shares.open(token, PAGE) == earlier
    for forged in (sign(share.claims, old), sign(replace(share.claims, key=old.id), old)):
        with pytest.raises((Altered, UnknownKey)):
            shares.open(forged, PAGE)


def test_without_the_key_nothing_opens(shares: Shares, tmp_path: Path) -> None:
    _, token = make(shares)
    for path in (tmp_path / "livestate" / "keys").iterdir():
        path.unlink()
    with pytest.raises(UnknownKey, match="share signed with an unknown key"):
        shares.open(token, PAGE)


def test_it_is_for_pages_of_its_origins(shares: Shares) -> None:
    _, token = make(shares, origins=["https://a.example", "http://localhost:8000"])
    for origin in ("https://b.example", "http://localhost", "null", None, ""):
        with pytest.raises(ForeignOrigin, match="share not for this origin"):
            shares.open(token, origin)
    assert shares.open(token, "http://localhost:8000").origins[0] == "https://a.example"


@pytest.mark.parametrize(
    ("wish", "complaint"),
    [
        ({"topics": [""]}, "expected 1 to 100 topics"),
        ({"topics": [7]}, "expected 1 to 100 topics"),
        ({"topics": "todos:*"}, "expected 1 to 100 topics"),
        ({"topics": ["\ud800"]}, "expected 1 to 100 topics"),
        ({"topics": ["t"] * (MAX_NAMES + 1)}, "expected 1 to 100 topics"),
        ({"topics": ["t*s"]}, "the star of a topic's pattern at its end, got 't\\*s'"),
        ({"topics": ["t**"]}, "the star of a topic's pattern at its end"),
        ({"events": "add"}, "expected 0 to 100 names of events, or '\\*' for all, got 'add'"),
        ({"events": [""]}, "names of events"),
        ({"events": None}, "names of events"),
        ({"origins": []}, "expected 1 to 100 origins"),
        ({"origins": PAGE}, "expected 1 to 100 origins"),
        ({"origins": [f"{PAGE}/"]}, "expected an origin as browsers send it"),
        ({"origins": ["page.example"]}, "expected an origin as browsers send it"),
        ({"origins": ["https://Page.example"]}, "in lower case"),
        ({"origins": ["https://page.example:443"]}, "without the port that is the default"),
        ({"origins": ["http://page.example:80"]}, "without the port that is the default"),
        ({"origins": ["https://me@page.example"]}, "expected an origin as browsers send it"),
        ({"origins": ["https://*.example"]}, "expected an origin as browsers send it"),
        ({"origins": ["https://é.example"]}, "expected an origin as browsers send it"),
        ({"origins": [f"https://{'a' * 300}"]}, "expected an origin as browsers send it"),
        ({"tag": "todolist"}, "an element's tag in lower case with a hyphen"),
        ({"tag": ["todo-list"]}, "an element's tag in lower case with a hyphen"),
        ({"lifetime": "soon"}, "expected a lifetime such as '7d'"),
        ({"lifetime": 0}, "above 0 and of at most 366d"),
        ({"lifetime": "367d"}, "above 0 and of at most 366d"),
        ({"events": ["x" * 100] * 50}, f"{MAX_TOKEN} are possible"),
    ],
)
def test_what_cannot_be_shared_is_refused_with_what_was_expected(
    shares: Shares, wish: dict[str, Any], complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(ShareError, match=complaint):
        shares.make(replace(WISH, **wish))
    assert not list((tmp_path / "livestate").glob("shares/*"))


@pytest.mark.parametrize(
    "origin",
    [
        "https://page.example",
        "http://127.0.0.1:8000",
        "http://[::1]:3000",
        "https://xn--9ca.example",
        "capacitor://localhost",
        "vscode-webview://1f-2a",
        "null",
        "*",
    ],
)
def test_origins_are_what_browsers_send(shares: Shares, origin: str) -> None:
    share, _ = make(shares, origins=[origin])
    assert share.origins == (origin,)
