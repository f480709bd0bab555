"""What a client makes of its frames."""

import sys

import pytest

from livestate_nb.codec import dumps
from livestate_nb.testing.view import View


def frame(event: str, payload: object, join_ref: str = "1") -> str:
    return dumps([join_ref, None, "tally:a", event, payload]).decode()


WHOLE = frame("state:change", {"state": {"n": 0}, "version": 0})


def test_patches_lead_from_version_to_version() -> None:
    patch = [{"op": "replace", "path": "/n", "value": 1}]
    frames = [WHOLE, frame("state:patch", {"patch": patch, "version": 1})]
    view = View("tally:a", "1", list(frames)).read()
    assert (view.state, view.version) == ({"n": 1}, 1)


@pytest.mark.parametrize("version", [0, 2])
def test_a_patch_that_does_not_follow_is_an_error(version: int) -> None:
    view = View("tally:a", "1", [WHOLE, frame("state:patch", {"patch": [], "version": version})])
    with pytest.raises(AssertionError, match="expected a patch to version 1 on 'tally:a'"):
        view.read()


def test_a_patch_before_the_first_state_is_an_error() -> None:
    view = View("tally:a", "1", [frame("state:patch", {"patch": [], "version": 1})])
    with pytest.raises(AssertionError, match="expected a patch to version None"):
        view.read()


def test_what_another_join_was_sent_is_not_read() -> None:
    frames: list[str | bytes] = [WHOLE, frame("told", {}, join_ref="2")]
    assert [push.event for push in View("tally:a", "1", frames).read().pushes] == ["state:change"]


def test_without_jsonpatch_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonpatch", None)
    view = View("tally:a", "1", [WHOLE, frame("state:patch", {"patch": [], "version": 1})])
    with pytest.raises(ModuleNotFoundError, match=r'pip install "livestate_nb\[testing\]"'):
        view.read()
