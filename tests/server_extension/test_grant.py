"""Shares at the command line."""

import re
from pathlib import Path

import pytest

from livestate_nb_server.command import main
from livestate_nb_server.shares import Shares, default_directory
from tests.server_extension.outsiders import PAGE, make


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Jupyter's data directory."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    return tmp_path


def token(*words: str) -> int:
    return main(["token", *words])


def test_it_prints_a_token_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["todos:*", "news", "--events", "add, done", "--origin", PAGE, "--origin", "null"]
    assert token(*words, "--expires", "12h", "--tag", "todo-list") == 0
    out, told = capsys.readouterr()
    shares = Shares(default_directory())
    share = shares.open(out.removesuffix("\n"), PAGE)
    assert share.topics == ("todos:*", "news")
    assert share.events == ("add", "done")
    assert share.origins == (PAGE, "null")
    assert share.expires - share.created == pytest.approx(12 * 3600, abs=1)
    assert (share.tag, share.kernel_id) == ("todo-list", None)
    assert share.id in told
    assert out.strip() not in told


def test_it_allows_no_events_and_seven_days_unless_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert token("todos:*", "--origin", PAGE) == 0
    [share] = Shares(default_directory()).all()
    assert share.events == ()
    assert share.expires - share.created == pytest.approx(7 * 86_400, abs=1)
    assert "read only" in capsys.readouterr().err
    assert token("todos:*", "--origin", "*", "--all-events") == 0
    assert Shares(default_directory()).all()[1].events == "*"


def test_it_lists_and_revokes(capsys: pytest.CaptureFixture[str]) -> None:
    assert token("--list") == 0
    assert capsys.readouterr().out == "Nothing is shared.\n"
    for topic in ("todos:*", "news", "more"):
        assert token(topic, "--events", "add", "--origin", PAGE) == 0
    one, two, three = Shares(default_directory()).all()
    printed = capsys.readouterr().out.split()
    assert token("--list") == 0
    listed = capsys.readouterr().out
    assert re.search(rf"{one.id}  until \d{{4}}-\d\d-\d\d .*\n +topics +todos:\*\n", listed)
    assert not any(one in listed for one in printed)
    assert token("--revoke", two.id) == 0
    assert capsys.readouterr().out == f"revoked {two.id}\n"
    assert Shares(default_directory()).all() == [one, three]
    assert token("--revoke", two.id) == 1
    assert f"there is no share '{two.id}': --list shows" in capsys.readouterr().err
    assert token("--revoke", "all") == 0
    assert capsys.readouterr().out == f"revoked {one.id}\nrevoked {three.id}\n"
    assert token("--revoke", "all") == 0
    assert capsys.readouterr().out == "Nothing is shared.\n"


def test_it_lists_and_revokes_what_notebooks_shared(capsys: pytest.CaptureFixture[str]) -> None:
    share, _ = make(Shares(default_directory()), tag="todo-list", kernel_id="a-kernel")
    assert token("--list") == 0
    out = capsys.readouterr().out
    assert "    events   all events\n" in out
    assert "    element  todo-list\n    kernel   a-kernel\n" in out
    assert token("--revoke", share.id) == 0


def test_it_rotates_the_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert token("todos:*", "--origin", PAGE) == 0
    early = capsys.readouterr().out.strip()
    assert token("--rotate") == 0
    assert "A new key signs from now on" in capsys.readouterr().out
    assert token("todos:*", "--origin", PAGE) == 0
    late = capsys.readouterr().out.strip()
    shares = Shares(default_directory())
    assert shares.open(early, PAGE).key != shares.open(late, PAGE).key


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "expected a topic and --origin"),
        (["todos:*"], "expected a topic and --origin"),
        (["--origin", PAGE], "expected a topic and --origin"),
        (["t*s", "--origin", PAGE], "the star of a topic's pattern at its end"),
        (["todos:*", "--origin", "page.example"], "expected an origin as browsers send it"),
        (["todos:*", "--origin", PAGE, "--expires", "soon"], "expected a lifetime such as '7d'"),
        (["todos:*", "--origin", PAGE, "--expires", ""], "expected a lifetime such as '7d'"),
        (["todos:*", "--origin", PAGE, "--tag", "list"], "with a hyphen"),
        (["todos:*", "--origin", PAGE, "--tag", ""], "with a hyphen"),
        (["todos:*", "--origin", PAGE, "--events", "a,,b"], "names of events"),
        (["todos:*", "--origin", PAGE, "--events", ""], "names of events"),
        (["todos:*", "--list"], "make no token"),
        (["--revoke", "all", "--origin", PAGE], "make no token"),
        (["--rotate", "--expires", "7d"], "make no token"),
        (["--revoke", ""], "there is no share ''"),
        (["--revoke", "../keys"], "there is no share '../keys'"),
    ],
)
def test_what_cannot_be_done_is_told_and_nothing_is_shared(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert token(*words) == 1
    out, told = capsys.readouterr()
    assert out == ""
    assert complaint in told
    assert Shares(default_directory()).all() == []


@pytest.mark.parametrize(
    "words", [["--list", "--rotate"], ["todos:*", "--events", "a", "--all-events"]]
)
def test_what_contradicts_itself_is_not_understood(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        token(*words)
    assert ended.value.code == 2


def test_a_directory_that_cannot_be_written_is_told(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "livestate").write_text("a file, where a directory should be")
    assert token("todos:*", "--origin", PAGE) == 1
    assert "the share cannot be kept: " in capsys.readouterr().err
    assert token("--rotate") == 1
    assert "the key cannot be kept: " in capsys.readouterr().err
