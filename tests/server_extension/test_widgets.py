"""The route that tells a page what widgets a kernel shows, with real kernels."""

import json
from typing import Any

import pytest

from livestate_nb import bundle
from livestate_nb_server import questions
from tests.server_extension.kernels import SETUP, Bind, frozen
from tests.server_extension.test_handlers import Denying
from tests.server_extension.test_relay import NoKernels, Start
from tests.server_extension.web import OUTSIDER, status

SHOW = "counter = Counter.show('cells:a', element='x-count', esm='export default 1')"
LOOP = "import time; print('it runs')\nwhile True: time.sleep(0.05)"
NONE = {"file": "", "models": {}}


def ask(jp_fetch: Any, kernel_id: str, **options: Any) -> Any:
    return jp_fetch("livestate", "kernels", kernel_id, "widgets", **options)


async def told(jp_fetch: Any, kernel_id: str) -> Any:
    return json.loads((await ask(jp_fetch, kernel_id)).body)


async def test_a_kernel_tells_of_its_widgets_while_a_cell_runs(
    kernels: Start, bind: Bind, jp_fetch: Any
) -> None:
    kernel = await kernels()
    assert await told(jp_fetch, kernel.id) == NONE
    await kernel.run(SETUP)
    assert (await told(jp_fetch, kernel.id))["models"] == {}
    await kernel.run(SHOW, "a-cell")
    await kernel.start(LOOP)
    response = await ask(jp_fetch, kernel.id)
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    answer = json.loads(response.body)
    assert (bundle.PAGE / answer["file"]).is_file()
    assert answer["file"] in bundle.LOADER.read_text()
    [(_, traits)] = answer["models"].items()
    session = traits.pop("session")
    assert traits.pop("endpoint")
    assert traits == {
        "kernel": kernel.id,
        "topic": "cells:a",
        "element": "x-count",
        "source": "export default 1",
        "events": ["echo", "inc", "pad", "who"],
        "is_waiting": False,
        "log": [],
    }
    web = await bind(kernel.id)
    assert (await web.join("cells:a", {"livestate": {"session": session}}))["state"] == {"n": 0}
    await kernel.interrupt()


async def test_a_page_s_model_has_what_the_route_tells(kernels: Start, jp_fetch: Any) -> None:
    kernel = await kernels()
    await kernel.run(SETUP)
    await kernel.run(SHOW, "a-cell")
    printed = await kernel.run(
        "import json, warnings, ipywidgets\n"
        "warnings.simplefilter('ignore')  # the table of widgets is deprecated\n"
        "print(json.dumps({id: {name: one for name, one in widget.get_state().items()\n"
        "    if not name.startswith('_') and name not in ('layout', 'tabbable', 'tooltip')}\n"
        "  for id, widget in ipywidgets.Widget.widgets.items() if hasattr(widget, 'topic')}))"
    )
    assert (await told(jp_fetch, kernel.id))["models"] == json.loads(printed)


async def test_a_kernel_that_is_not_run_has_no_widgets(jp_fetch: Any) -> None:
    assert await told(jp_fetch, "no-such-kernel") == NONE


async def test_a_frozen_kernel_is_not_waited_for(
    kernels: Start, jp_fetch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = await kernels()
    await kernel.run(SETUP)
    monkeypatch.setattr(questions, "PATIENCE", 0.2)
    pid = int(await kernel.run("import os; print(os.getpid())"))
    async with frozen(pid):
        assert await status(ask(jp_fetch, kernel.id)) == 504


async def test_the_widgets_of_a_kernel_need_authentication(jp_fetch: Any) -> None:
    assert await status(ask(jp_fetch, "k1", headers={**OUTSIDER})) == 403
    wrong = {**OUTSIDER, "Authorization": "token wrong"}
    assert await status(ask(jp_fetch, "k1", headers=wrong)) == 403
    assert await status(ask(jp_fetch, "k1")) == 200


@pytest.mark.parametrize("options", [{"ServerApp": {"authorizer_class": Denying}}], ids=["denying"])
async def test_the_widgets_of_a_kernel_need_authorization(jp_fetch: Any) -> None:
    assert await status(ask(jp_fetch, "k1")) == 403


@pytest.mark.parametrize(
    "options", [{"ServerApp": {"authorizer_class": NoKernels}}], ids=["denying"]
)
async def test_who_may_join_but_not_run_code_is_told_of_no_widgets(jp_fetch: Any) -> None:
    assert await status(ask(jp_fetch, "k1")) == 403


@pytest.mark.parametrize(
    "options", [{"ServerApp": {"allow_origin": "http://friend.example"}}], ids=["a friend"]
)
async def test_foreign_pages_are_told_of_no_widgets(jp_fetch: Any, login: Any) -> None:
    _, headers = await login()
    assert await status(ask(jp_fetch, "k1", headers={**headers})) == 200
    friend = {**headers, "Origin": "http://friend.example"}
    assert await status(ask(jp_fetch, "k1", headers=friend)) == 200
    evil = {**headers, "Origin": "http://evil.example"}
    assert await status(ask(jp_fetch, "k1", headers=evil)) == 403
