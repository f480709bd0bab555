"""Shares of a kernel, made and ended in its cells, with a server and without."""

from collections.abc import Iterator
from typing import Any

import pytest

from livestate_nb import saved
from tests.kernels import CellError, Kernel, ServedKernel
from tests.servers import Server, serve

WIDGET = "application/vnd.jupyter.widget-view+json"
SETUP = """
%load_ext livestate_nb
from livestate_nb import Channel, on, ui

class Todos(Channel, topic="todos:*"):
    def init(self, params):
        return {"items": []}

    @on("add")
    def add(self, payload, state): ...

class Notes(Channel, topic="notes"):
    def init(self, params):
        return {}
"""
SHARE = "Todos.share('todos:me', origins='https://example.org', expires='1h'{})"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="module")
def started(server: Server) -> Iterator[Kernel]:
    kernel = ServedKernel(server)
    kernel.run("%colors nocolor")
    yield kernel
    kernel.close()


@pytest.fixture
def kernel(started: Kernel) -> Iterator[Kernel]:
    started.run(SETUP)
    yield started
    started.run("%livestate revoke all")
    started.run("%unload_ext livestate_nb")
    started.messages.clear()


class Card:
    """What a page has of the last share that was shown."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._model = kernel.displays()[-1]
        self.terms: dict[str, Any] = kernel.states()[self._model]["terms"]

    def ask(self) -> dict[str, Any] | None:
        """Ask for what to paste, as a page does that shows the card."""
        count = len(self._kernel.customs())
        self._kernel.send(self._model, {"livestate": "share"})
        self._kernel.until(lambda: len(self._kernel.customs()) > count)
        secret: dict[str, Any] | None = self._kernel.customs()[-1]["secret"]
        return secret


def share(kernel: Kernel, more: str = "") -> Card:
    kernel.run(SHARE.format(more), "cell")
    return Card(kernel)


def refusal(kernel: Kernel, code: str) -> str:
    """Run a cell, and return the last line of how it fails."""
    with pytest.raises(CellError) as error:
        kernel.run(code)
    return str(error.value).strip().splitlines()[-1]


def test_a_share_is_shown_with_what_it_opens(kernel: Kernel) -> None:
    kernel.run("Todos.publish()")
    card = share(kernel, ", url='https://example.org/live'")
    expires = card.terms.pop("expires")
    name = card.terms.pop("id")
    assert kernel.run(f"import time; print(3595 < {expires} - time.time() < 3602)") == "True\n"
    assert card.terms == {
        "topic": "todos:me",
        "events": ["add"],
        "origins": ["https://example.org"],
        "element": "",
    }
    secret = card.ask()
    assert secret is not None
    assert secret.pop("token").startswith("lvs.")
    mount = {"mount": "/livestate/public", "script": None}
    assert secret == {**mount, "url": "https://example.org/live"}
    listed = kernel.run("%livestate shares").split()
    assert listed[:5] == [name, "todos:me", "add", "https://example.org", "until"]


def test_a_share_gives_its_id_by_which_the_next_cell_ends_it(kernel: Kernel) -> None:
    kernel.run("Todos.publish()")
    kernel.run(f"share = {SHARE.format('')}")
    name = Card(kernel).terms["id"]
    assert kernel.run("print(repr(share))") == f"{name!r}\n"
    assert kernel.run("%livestate revoke {share}") == f"ended: {name}\n"


def test_what_is_unpublished_is_closed_to_others_and_shared_no_more(kernel: Kernel) -> None:
    others = "the server's other clients"
    kernel.run("Todos.publish(); Notes.publish()")
    kernel.run("Todos.unpublish()")
    assert f"{others}: notes" in kernel.run("%livestate")
    assert f"{others}: todos:*" not in kernel.run("%livestate")
    assert "run Todos.publish() first" in refusal(kernel, SHARE.format(""))
    assert kernel.run("%livestate unpublish notes") == f"notes is closed to {others}\n"
    assert f"{others}:" not in kernel.run("%livestate")
    kernel.run("Todos.unpublish()")  # again
    assert "has no topic" in refusal(kernel, "Channel.unpublish()")


def test_what_to_paste_is_given_once_and_stands_in_no_output(kernel: Kernel) -> None:
    kernel.run("Todos.publish()")
    card = share(kernel)
    secret = card.ask()
    assert secret is not None
    assert card.ask() is None
    kernel.run("%livestate shares")
    kernel.run("%livestate")
    kernel.run("print(vars(Todos))")
    bodies = [one["content"] for one in kernel.messages]
    kept = [one for one in bodies if one.get("data", {}).get("method") != "custom"]
    assert secret["token"] in str(bodies)
    assert secret["token"] not in str(kept)
    [data] = [one["data"] for one in kept if WIDGET in one.get("data", {})]
    assert set(data) == {"text/plain", saved.HTML, saved.MIME, WIDGET}
    assert data["text/plain"] == f"<share {card.terms['id']} of todos:me>"
    assert "shown once: run the cell again" in data[saved.HTML]


def test_an_unpublished_channel_is_not_shared(kernel: Kernel) -> None:
    assert "run Todos.publish() first" in refusal(kernel, SHARE.format(""))
    kernel.run("Todos.publish()")
    kernel.run("%livestate off todos:*")
    assert "run Todos.publish() first" in refusal(kernel, SHARE.format(""))
    assert "nothing" in kernel.run("%livestate shares")


def test_the_last_shown_element_of_the_channel_is_for_the_pages(kernel: Kernel) -> None:
    kernel.run("Todos.publish(); Notes.publish()")
    kernel.run("Todos.show('todos:me', element='x-one', esm='1')", "a")
    kernel.run("Todos.show('todos:me', element='x-two', esm='2')", "b")
    kernel.run("Notes.show(element='x-notes', esm='3')", "c")
    kernel.run("Todos.show('todos:me', ui.json('items'))", "d")
    card = share(kernel)
    assert card.terms["element"] == "x-two"
    secret = card.ask()
    assert secret is not None
    assert secret["script"] == f"/livestate/public/{card.terms['id']}/x-two.js"
    assert share(kernel, ", element='x-one'").terms["element"] == "x-one"
    error = refusal(kernel, SHARE.format(", element='x-notes'"))
    assert "shown for Todos (x-one, x-two), got 'x-notes': show it first" in error


def test_what_is_wrong_is_told(kernel: Kernel) -> None:
    kernel.run("Todos.publish()")
    for url in ("example.org", "ftp://example.org", "https://", "https://example.org?a=1"):
        error = refusal(kernel, SHARE.format(f", url='{url}'"))
        assert error.startswith("ShareError: url: expected where outsiders reach the server")
    error = refusal(kernel, "Todos.share('todos:me', origins='https://example.org/')")
    assert "without a path" in error
    assert "nothing" in kernel.run("%livestate shares")


def test_shares_are_ended_by_their_ids_or_all_at_once(kernel: Kernel) -> None:
    kernel.run("Todos.publish()")
    first, second, third = [share(kernel).terms["id"] for _ in range(3)]
    assert kernel.run(f"%livestate revoke {second}") == f"ended: {second}\n"
    listed = [line.split()[0] for line in kernel.run("%livestate shares").splitlines()]
    assert listed == [first, third]
    again = kernel.run(f"%livestate revoke {second}")
    assert f"UsageError: expected the id of a share of this kernel, or all, got '{second}'" in again
    assert kernel.run("%livestate revoke all") == f"ended: {first}, {third}\n"
    assert kernel.run("%livestate revoke all") == "ended: none, there are no shares\n"


def test_a_kernel_sees_and_ends_its_own_shares_alone(kernel: Kernel, server: Server) -> None:
    kernel.run("Todos.publish()")
    name = share(kernel).terms["id"]
    other = ServedKernel(server)
    other.run("%colors nocolor")
    other.run(SETUP)
    assert "nothing" in other.run("%livestate shares")
    assert "expected the id of a share" in other.run(f"%livestate revoke {name}")
    assert other.run("%livestate revoke all") == "ended: none, there are no shares\n"
    other.close()
    assert name in kernel.run("%livestate shares")


def test_a_server_that_shares_nothing_says_so(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with serve(tmp_path_factory.mktemp("closed"), config="c.LiveStateApp.public = False") as server:
        kernel = ServedKernel(server)
        kernel.run("%colors nocolor")
        kernel.run(SETUP)
        kernel.run("Todos.publish()")
        assert "c.LiveStateApp.public is off" in refusal(kernel, SHARE.format(""))
        assert "c.LiveStateApp.public is off" in kernel.run("%livestate shares")
        kernel.close()


def test_without_a_server_what_is_needed_is_told() -> None:
    kernel = Kernel()
    kernel.run("%colors nocolor")
    kernel.run(SETUP)
    told = [refusal(kernel, SHARE.format(""))]
    told += [kernel.run("%livestate shares"), kernel.run("%livestate revoke all")]
    for error in told:
        assert "with the livestate_nb extension" in error
        assert "`jupyter livestate token`" in error
    kernel.close()


def test_the_kernel_of_a_visitor_shares_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOILA_PREHEAT", "False")
    kernel = Kernel()
    kernel.run("%colors nocolor")
    kernel.run(SETUP)
    assert "one Voila visitor's own" in refusal(kernel, SHARE.format(""))
    kernel.close()
