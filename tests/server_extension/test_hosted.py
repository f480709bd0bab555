"""What config and entry points name: what is hosted, and what is reported and harms nothing."""

from pathlib import Path
from typing import Any

import pytest

from livestate_nb.channel import options_of
from livestate_nb_server.hosted import Failed, Hosted, find
from tests.server_extension.web import Connect

HERE = "tests.server_extension.channels"

BAD = {
    "no_colon:*": HERE,
    "no_module:*": ":Counter",
    "no_attribute:*": f"{HERE}:",
    "unknown_module:*": "tests.server_extension.nowhere:Counter",
    "unknown_attribute:*": f"{HERE}:Nobody",
    "no_channel:*": f"{HERE}:NO_CHANNEL",
    "no_class:*": f"{HERE}:time.sleep",
    "on_main:*": f"{HERE}:OnMain",
    "star*not_last": f"{HERE}:Counter",
    "": f"{HERE}:Counter",
}
REASONS = {
    "no_colon:*": "expected 'package.module:Class', got 'tests.server_extension.channels'",
    "no_module:*": "expected 'package.module:Class', got ':Counter'",
    "no_attribute:*": "expected 'package.module:Class', got 'tests.server_extension.channels:'",
    "unknown_module:*": "ModuleNotFoundError: No module named 'tests.server_extension.nowhere'",
    "unknown_attribute:*": "has no attribute 'Nobody'",
    "no_channel:*": "expected a subclass of livestate_nb.Channel, got {'a': 'dict'}",
    "no_class:*": "expected a subclass of livestate_nb.Channel, got <built-in function sleep>",
    "on_main:*": "OnMain asks for run_on='main', the main thread of a notebook's kernel",
    "star*not_last": "Counter cannot serve 'star*not_last': Counter: expected a topic such as",
    "": "Counter cannot serve '': Counter: expected a topic such as",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a package that offers channels, as pip would: modules and a dist-info."""
    site = tmp_path / "site"
    (site / "offering-1.0.dist-info").mkdir(parents=True)
    (site / "offering-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: offering\nVersion: 1.0\n"
    )
    (site / "offering.py").write_text(
        "from livestate_nb import Channel\n"
        'class Offered(Channel, topic="offered:*"):\n'
        "    def init(self, params):\n"
        '        return {"from": "an entry point"}\n'
        "class Topicless(Channel):\n"
        "    pass\n"
        'class Twin(Channel, topic="counter:*"):\n'
        "    pass\n"
    )
    monkeypatch.syspath_prepend(site)
    return site


def offer(site: Path, **entries: str) -> None:
    lines = [f"{name} = {value}" for name, value in entries.items()]
    text = "\n".join(["[livestate_nb.channels]", *lines, ""])
    (site / "offering-1.0.dist-info" / "entry_points.txt").write_text(text)


@pytest.mark.parametrize("channels", [{**BAD, "good:*": f"{HERE}:Counter"}])
async def test_a_name_that_cannot_be_hosted_is_reported_and_harms_no_other(
    capfd: pytest.CaptureFixture[str], jp_serverapp: Any, jp_fetch: Any, connect: Connect
) -> None:
    log = capfd.readouterr().err
    errors = [line for line in log.splitlines() if line.startswith("[E ")]
    body = (await jp_fetch("livestate/")).body.decode()
    for (pattern, reason), error in zip(REASONS.items(), errors, strict=True):
        assert f"LiveStateApp.channels[{pattern!r}] = {BAD[pattern]!r}: " in error
        assert reason in error
    assert body.count("<li>") == len(BAD)
    web = await connect()
    assert await web.join("good:1") == {"state": {"count": 0}, "version": 0}
    await web.push("no_colon:1", "phx_join")
    assert await web.wait("phx_reply") == {
        "status": "error",
        "response": {"reason": "unmatched topic"},
    }


@pytest.fixture
def offered(package: Path) -> None:
    offer(package, offered="offering:Offered")


async def test_a_channel_of_an_entry_point_is_hosted(offered: None, connect: Connect) -> None:
    web = await connect()
    joined = await web.join("offered:1")
    assert joined["state"] == {"from": "an entry point"}
    assert await web.join("counter:1") == {"state": {"count": 0}, "version": 0}


def test_config_comes_first_and_a_twin_is_refused(package: Path) -> None:
    offer(package, twin="offering:Twin", offered="offering:Offered", again="offering:Offered")
    counter, twin, offered, again = find({"counter:*": f"{HERE}:Counter"})
    assert isinstance(counter, Hosted)
    assert counter.channel.__module__ == HERE
    assert twin == Failed(
        "entry point twin = offering:Twin",
        f"'counter:*' is already served by LiveStateApp.channels['counter:*'] = '{HERE}:Counter'",
    )
    assert isinstance(offered, Hosted)
    assert again == Failed(
        "entry point again = offering:Offered",
        "'offered:*' is already served by entry point offered = offering:Offered",
    )


def test_a_bad_entry_point_is_reported_and_harms_no_other(package: Path) -> None:
    offer(
        package,
        topicless="offering:Topicless",
        unknown="offering:Nobody",
        colonless="offering",
        good="offering:Offered",
    )
    topicless, unknown, colonless, good = find({})
    assert isinstance(topicless, Failed)
    assert "Topicless names no topic" in topicless.message
    assert isinstance(unknown, Failed)
    assert "has no attribute 'Nobody'" in unknown.message
    assert isinstance(colonless, Failed)
    assert colonless.message == "expected 'package.module:Class', got 'offering'"
    assert isinstance(good, Hosted)


@pytest.mark.parametrize(
    ("module", "statement"),
    [
        ("raising", "raise RuntimeError('on purpose')"),
        ("exiting", "raise SystemExit('on purpose')"),
    ],
)
def test_a_module_that_fails_as_it_is_imported_is_reported(
    package: Path, module: str, statement: str
) -> None:
    (package / f"{module}.py").write_text(statement)
    failed, good = find({"a:*": f"{module}:A", "b:*": f"{HERE}:Counter"})
    assert isinstance(failed, Failed)
    assert f"cannot import '{module}:A'" in failed.message
    assert "on purpose" in failed.message
    assert isinstance(good, Hosted)


def test_a_class_serves_the_patterns_that_config_gives_it() -> None:
    one, two, own = find(
        {"a:*": f"{HERE}:Topicless", "b": f"{HERE}:Topicless", "counter:*": f"{HERE}:Counter"}
    )
    topics = [options_of(h.channel).topic for h in (one, two, own) if isinstance(h, Hosted)]
    assert topics == ["a:*", "b", "counter:*"]
