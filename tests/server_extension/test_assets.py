"""The routes that give JavaScript to pages."""

import asyncio
import gzip
import json
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError, HTTPResponse

from livestate_nb import bundle
from livestate_nb_server import questions
from tests.server_extension.kernels import SETUP, Kernel, frozen
from tests.server_extension.test_handlers import Denying
from tests.server_extension.web import OUTSIDER, status

Start = Callable[[], Awaitable[Kernel]]

ELEMENT = 'import { html } from "lit";\nexport default class extends HTMLElement {} // </script>'
HASHED = next(file.name for file in (bundle.PAGE / "hashed").iterdir())


def source_of(response: HTTPResponse) -> str:
    """Return the source that an element's module hands to the page's loader."""
    body = response.body.decode()
    found = re.fullmatch(
        r'import \{ define \} from "\.\./static/served\.js";\n'
        r'export default await define\("[\w-]+", (".*")\);\n',
        body,
    )
    assert found, body
    source: str = json.loads(found[1])
    return source


def write(file: Path, source: str) -> None:
    file.write_text(source, "utf-8")


async def refusal(answer: Any) -> tuple[int, str]:
    """Return the status and text of an answer that refuses."""
    with pytest.raises(HTTPClientError) as refused:
        await answer
    response = refused.value.response
    assert response is not None
    return refused.value.code, response.body.decode()


# the package's own modules


async def test_modules_are_given_to_pages_of_all_origins_without_a_login(jp_fetch: Any) -> None:
    headers = {**OUTSIDER, "Origin": "http://elsewhere.example"}
    for path in ("livestate.js", "lit.js", "lit/directives/repeat.js", "served.js"):
        response = await jp_fetch("livestate/static", path, headers={**headers})
        assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert response.headers["Cache-Control"] == "no-cache"
        assert response.body == (bundle.PAGE / path).read_bytes()
        again = {**headers, "If-None-Match": response.headers["Etag"]}
        assert await status(jp_fetch("livestate/static", path, headers=again)) == 304


@pytest.mark.parametrize(
    "name", ["\0.js", "x" * 300 + ".js", "hashed/../livestate.js", "../page/lit.js"]
)
async def test_other_names_than_those_of_modules_are_not_found(jp_fetch: Any, name: str) -> None:
    assert await status(jp_fetch(f"livestate/static/{name}", headers={**OUTSIDER})) == 404


async def test_what_never_changes_may_be_kept(jp_fetch: Any) -> None:
    response = await jp_fetch("livestate/static/hashed", HASHED, headers={**OUTSIDER})
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"


async def test_modules_are_gzipped_for_who_takes_that(jp_fetch: Any) -> None:
    headers = {**OUTSIDER, "Accept-Encoding": "gzip"}
    response = await jp_fetch(
        "livestate/static/livestate.js", headers=headers, decompress_response=False
    )
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(response.body) == (bundle.PAGE / "livestate.js").read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        "../widget.js",
        "..%2fwidget.js",
        "hashed/../../loader.js",
        "%2e%2e/%2e%2e/__init__.py",
        "/etc/passwd",
        "hashed",
        "missing.js",
    ],
)
async def test_nothing_else_is_given(jp_fetch: Any, path: str) -> None:
    assert await status(jp_fetch("livestate/static/" + path, headers={**OUTSIDER})) == 404


# elements of the config


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "todo-list.js"
    write(file, ELEMENT)
    return file


@pytest.fixture
def options(file: Path) -> dict[str, Any]:
    elements = {
        "todo-list": str(file),
        "x-packaged": "livestate_nb:static/page/lit.js",
        "Todo": str(file),
        "x-missing": str(file.parent / "missing.js"),
        "x-relative": "todo-list.js",
        "x-no-package": "no_such_package:a.js",
    }
    return {"LiveStateApp": {"elements": elements}}


async def test_an_element_is_a_module_that_follows_its_file(jp_fetch: Any, file: Path) -> None:
    response = await jp_fetch("livestate/elements/todo-list.js")
    assert source_of(response) == ELEMENT
    assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-cache"
    known = {"If-None-Match": response.headers["Etag"]}
    assert await status(jp_fetch("livestate/elements/todo-list.js", headers={**known})) == 304
    write(file, "export default 'ü\u2028';")
    response = await jp_fetch("livestate/elements/todo-list.js", headers={**known})
    assert source_of(response) == "export default 'ü\u2028';"


async def test_an_element_may_come_with_a_package(jp_fetch: Any) -> None:
    response = await jp_fetch("livestate/elements/x-packaged.js")
    assert source_of(response) == (bundle.PAGE / "lit.js").read_text("utf-8")


async def test_what_config_names_wrongly_is_reported(jp_serverapp: Any, jp_fetch: Any) -> None:
    [app] = jp_serverapp.extension_manager.extension_apps["livestate_nb_server"]
    reported = {re.findall(r"'([^']*)'", one.source)[0]: one.message for one in app.failed}
    assert reported == {
        "Todo": (
            "expected an element's tag in lower case with a hyphen, such as 'todo-list', got 'Todo'"
        ),
        "x-missing": "there is no such file",
        "x-relative": "expected an absolute path, or 'package:file.js'",
        "x-no-package": (
            "cannot import 'no_such_package': ModuleNotFoundError: No module named "
            "'no_such_package'"
        ),
    }
    page = (await jp_fetch("livestate/")).body.decode()
    assert "LiveStateApp.elements[&#x27;x-missing&#x27;]" in page


async def test_an_element_that_is_not_there_is_told(jp_fetch: Any, file: Path) -> None:
    code, text = await refusal(jp_fetch("livestate/elements/x-missing.js"))
    assert code == 404
    assert text == (
        "There is no element 'x-missing': name its file in c.LiveStateApp.elements, or show it in "
        "a notebook, for a channel that is published."
    )
    os.remove(file)
    code, text = await refusal(jp_fetch("livestate/elements/todo-list.js"))
    assert (code, text) == (
        404,
        "The file of 'todo-list' cannot be read; the server's log says why.",
    )


async def test_an_element_needs_authentication(jp_fetch: Any, login: Any) -> None:
    path = "livestate/elements/todo-list.js"
    assert await status(jp_fetch(path, headers={**OUTSIDER})) == 403
    wrong = {**OUTSIDER, "Authorization": "token wrong"}
    assert await status(jp_fetch(path, headers=wrong)) == 403
    _, cookie = await login()
    assert await status(jp_fetch(path, headers={**cookie})) == 200


async def test_a_page_of_another_origin_gets_an_element_by_token_only(
    jp_fetch: Any, login: Any
) -> None:
    path, origin = "livestate/elements/todo-list.js", {"Origin": "http://elsewhere.example"}
    response = await jp_fetch(path, headers={**origin})
    assert response.headers["Access-Control-Allow-Origin"] == "http://elsewhere.example"
    _, cookie = await login()
    response = await jp_fetch(path, headers={**cookie, **origin})
    assert "Access-Control-Allow-Origin" not in response.headers  # its browser keeps it back


class TestDenied:
    @pytest.fixture
    def options(self, file: Path) -> dict[str, Any]:
        return {
            "ServerApp": {"authorizer_class": Denying},
            "LiveStateApp": {"elements": {"todo-list": str(file)}},
        }

    async def test_an_element_needs_authorization(self, jp_fetch: Any) -> None:
        assert await status(jp_fetch("livestate/elements/todo-list.js")) == 403


# elements of kernels

SHOW = "shown = Counter.show('cells:a', element={tag!r}, esm={esm})"


async def test_a_kernel_s_element_from_its_publication_to_its_end(
    kernels: Start, jp_fetch: Any, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(tag: str = "x-count") -> Any:
        return jp_fetch(f"livestate/elements/{tag}.js")

    async def found(tag: str) -> None:
        """Wait until the kernel has told the server of an element."""
        async with asyncio.timeout(10):
            while await status(fetch(tag)) == 404:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.05)

    kernel = await kernels()
    await kernel.run(SETUP)
    await kernel.run(SHOW.format(tag="x-count", esm="'// one'"), "a")
    assert await status(fetch()) == 404
    await kernel.run("Counter.publish()")
    assert source_of(await fetch()) == "// one"
    await kernel.run(SHOW.format(tag="x-count", esm="'// two'"), "a")
    assert source_of(await fetch()) == "// two"

    # while a cell runs, and from a file
    await kernel.run(
        f"from pathlib import Path\n{SHOW.format(tag='x-file', esm=f'Path({str(file)!r})')}", "b"
    )
    await found("x-file")
    await kernel.start("import time; print('it runs')\nwhile True: time.sleep(0.05)")
    assert source_of(await fetch("x-file")) == ELEMENT
    write(file, "// edited")
    assert source_of(await fetch("x-file")) == "// edited"
    await kernel.interrupt()

    # what config names stays its
    await kernel.run(SHOW.format(tag="todo-list", esm="'// taken over'"), "c")
    assert source_of(await fetch("todo-list")) == "// edited"

    # frozen
    monkeypatch.setattr(questions, "PATIENCE", 0.2)
    pid = int(await kernel.run("import os; print(os.getpid())"))
    async with frozen(pid):
        assert await refusal(fetch()) == (
            504,
            "The kernel that shows 'x-count' does not answer: try again.",
        )
    monkeypatch.undo()
    assert source_of(await fetch()) == "// two"

    await kernel.run("%livestate off cells:*")
    assert await status(fetch()) == 404
