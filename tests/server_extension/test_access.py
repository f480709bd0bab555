"""Who is let in where: each route by each credential, each message by each way it may come.

The tables are compared with the application's own lists: what is added there without a row here
fails. All refused requests are sent by hand, since no well-made client sends them.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from jupyter_server.auth import Authorizer
from tornado import web
from tornado.web import create_signed_value
from tornado.websocket import WebSocketHandler

from livestate_nb.codec import Json
from livestate_nb.protocol import message as wire_names
from livestate_nb.protocol.socket import UNMATCHED
from livestate_nb.transports import uplink_wire as wire
from livestate_nb_server import LiveStateApp, lobby
from tests.server_extension.asking import Outcome, Request, ask
from tests.server_extension.outsiders import Grant
from tests.server_extension.polling import Polling
from tests.server_extension.web import Connect

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ROLE: Final = "X-Test-Role"


class ByRole(Authorizer):
    """Lets users do what the role in their request allows."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        match handler.request.headers.get(ROLE):
            case "reader":
                return bool(action == "read")
            case "no kernels":
                return bool((action, resource) != ("execute", "kernels"))
        return True


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(lobby, "BURST", 10_000)  # all of them come from one address
    element = tmp_path / "the-tag.js"
    element.write_text("export default class extends HTMLElement {}")
    return {
        "ServerApp": {"authorizer_class": ByRole},
        "LiveStateApp": {"elements": {"the-tag": str(element)}},
    }


@pytest.fixture
def app(jp_serverapp: Any) -> LiveStateApp:
    [app] = jp_serverapp.extension_manager.extension_apps["livestate_nb_server"]
    assert isinstance(app, LiveStateApp)
    return app


@pytest.fixture
def host(jp_serverapp: Any) -> str:
    return f"localhost:{jp_serverapp.port}"


@pytest.fixture
def uplink_host(app: LiveStateApp) -> str:
    return app.listener.url.split("/")[2]


# credentials


@pytest.fixture
def credentials(
    app: LiveStateApp,
    jp_serverapp: Any,
    jp_fetch: Any,
    jp_asyncio_loop: Any,
    login: Any,
    grant: Grant,
    host: str,
) -> dict[str, Request]:
    """What comes with a request, by what it is called."""
    token = jp_serverapp.identity_provider.token
    _, headers = jp_asyncio_loop.run_until_complete(login())
    cookie = {"Cookie": headers["Cookie"]}
    own = {**cookie, "Origin": f"http://{host}"}
    _, others = jp_asyncio_loop.run_until_complete(login())
    polling = jp_asyncio_loop.run_until_complete(Polling(jp_fetch, headers=others).open())
    assert polling.token is not None
    query = f"&token={polling.token}"
    _, share = grant("counter:*", events=[])  # may read, no more
    return {
        "none": Request(),
        "wrong": Request({"Authorization": "token wrong"}),
        "wrong in the address": Request(query="&token=wrong"),
        "expired": Request({**own, "Cookie": expired(jp_serverapp, cookie["Cookie"])}),
        "foreign": Request({**cookie, "Origin": "http://evil.example"}),
        "session alone": Request(query=query),
        "session of another": Request(own, query=query),
        "share": Request({"Authorization": f"token {share}"}),
        "share in the address": Request(query=f"&token={share}"),
        "share as cookie": Request({"Cookie": f"token={share}", "Origin": f"http://{host}"}),
        "kernels' secret": Request({wire.SECRET_HEADER: app.listener.secret}),
        "kernels' secret as token": Request({"Authorization": f"token {app.listener.secret}"}),
        "reader": Request({**own, ROLE: "reader"}),
        "no kernels": Request({**own, ROLE: "no kernels"}),
        "cookie": Request(own),
        "token": Request({"Authorization": f"token {token}"}),
        "token in the address": Request(query=f"&token={token}"),
        "token, foreign page": Request(
            {"Authorization": f"token {token}", "Origin": "http://evil.example"}
        ),
    }


def expired(serverapp: Any, cookie: str) -> str:
    """Return a login cookie as it was 40 days ago; Jupyter takes them for 31."""
    [(name, value)] = [
        one.split("=", 1) for one in cookie.split("; ") if one.startswith("username-")
    ]
    secret = serverapp.web_app.settings["cookie_secret"]
    content = web.decode_signed_value(secret, name, value)
    assert content is not None
    old = create_signed_value(secret, name, content, clock=lambda: time.time() - 40 * 86_400)
    return f"{name}={old.decode()}"


# routes


def row(refused: Outcome, let_in: Outcome, **others: Outcome) -> dict[str, Outcome]:
    """Return the outcome of each credential: refused, but for those that are good."""
    names = ("no kernels", "cookie", "token", "token in the address", "token, foreign page")
    good = dict.fromkeys(names, let_in)
    return {"": refused, **good, **{key.replace("_", " "): one for key, one in others.items()}}


_NO_PAGE: Final = row(403, 400, foreign=404, no_kernels=403, cookie=403)
"""Without the `_xsrf` of Jupyter a cookie does nothing but read; 404 is Jupyter's for pages."""

ROUTES: Final[dict[tuple[str, str], tuple[str, dict[str, Outcome]]]] = {
    # a page, which no other page can read; it sends strangers to the login
    ("/livestate/?", "GET"): (
        "livestate/",
        row("login", 200, reader=403, foreign=200, session_of_another=200),
    ),
    ("/livestate/websocket", "GET"): ("livestate/websocket", row(403, 101, session_of_another=101)),
    ("/livestate/kernels/([^/]+)/websocket", "GET"): (
        "livestate/kernels/1/websocket",
        row(403, 101, session_of_another=101, no_kernels=403),
    ),
    ("/livestate/kernels/([^/]+)/widgets", "GET"): (
        "livestate/kernels/1/widgets",
        row(403, 200, session_of_another=200, no_kernels=403),
    ),
    # 410 begins a session; who names another's begins one of his own
    ("/livestate/longpoll", "GET"): ("livestate/longpoll", row(403, 410, session_of_another=410)),
    ("/livestate/longpoll", "POST"): (
        "livestate/longpoll",
        row(403, 410, foreign=404, no_kernels=403, cookie=403),
    ),
    # there is nothing to do by these
    ("/livestate/longpoll", "PUT"): ("livestate/longpoll", _NO_PAGE),
    ("/livestate/longpoll", "PATCH"): ("livestate/longpoll", _NO_PAGE),
    ("/livestate/longpoll", "DELETE"): ("livestate/longpoll", _NO_PAGE),
    ("/livestate/longpoll", "HEAD"): (
        "livestate/longpoll",
        row(403, 400, reader=400, foreign=400, session_of_another=400),
    ),
    # a browser asks with no credentials what it may send
    ("/livestate/longpoll", "OPTIONS"): ("livestate/longpoll", {"": 200}),
    ("/livestate/static/(.+)", "GET"): ("livestate/static/served.js", {"": 200}),
    # no page of another origin can read the answer: it has no Access-Control-Allow-Origin
    (r"/livestate/elements/([^/]+)\.js", "GET"): (
        "livestate/elements/the-tag.js",
        row(403, 200, foreign=200, session_of_another=200),
    ),
    # everybody may ask; a share in a join opens something, and none goes into an address
    ("/livestate/public/websocket", "GET"): (
        "livestate/public/websocket",
        {"": 101, "share in the address": 400},
    ),
    (r"/livestate/public/([^/]+)/([^/]+)\.js", "GET"): (
        f"livestate/public/{'0' * 32}/the-tag.js",
        {"": 404, "share in the address": 400},
    ),
    **{
        ("/livestate/public(/.*)?", method): (
            "livestate/public/else",
            {"": 404, "share in the address": 400},
        )
        for method in ("GET", "POST")
    },
    ("/kernel/([^/]+)", "GET"): ("kernel/1", {"": 403, "kernels' secret": 101}),
}
"""(pattern, method) -> a path, and the outcome by credential; that of "" holds for the others."""


def implemented(app: LiveStateApp) -> Iterator[tuple[str, str, bool]]:
    """Return what the application answers: pattern, method, and whether it is a WebSocket."""
    for pattern, handler, *_ in (*app.handlers, *app.listener.handlers):
        for method in METHODS:
            if hasattr(web.RequestHandler, name := method.lower()) and getattr(
                handler, name
            ) is not getattr(web.RequestHandler, name):
                yield pattern, method, issubclass(handler, WebSocketHandler)


async def test_each_route_has_its_row(app: LiveStateApp) -> None:
    served = {(pattern, method) for pattern, method, _ in implemented(app)}
    assert served == set(ROUTES), "say in ROUTES who may use it"


async def test_each_route_lets_in_whom_its_row_says(
    app: LiveStateApp,
    credentials: dict[str, Request],
    host: str,
    uplink_host: str,
    jp_base_url: str,
) -> None:
    for pattern, method, is_socket in implemented(app):
        path, outcomes = ROUTES[pattern, method]
        assert set(outcomes) <= {"", *credentials}
        is_uplink = pattern.startswith("/kernel/")
        where = (uplink_host, f"/{path}") if is_uplink else (host, f"{jp_base_url}{path}")
        came = {
            name: await ask(where[0], method, where[1], request, upgrade=is_socket)
            for name, request in credentials.items()
        }
        expected = {name: outcomes.get(name, outcomes[""]) for name in credentials}
        assert (pattern, method, came) == (pattern, method, expected)


async def test_no_other_method_does_anything(
    app: LiveStateApp,
    credentials: dict[str, Request],
    host: str,
    uplink_host: str,
    jp_base_url: str,
) -> None:
    paths = {pattern: path for (pattern, _), (path, _) in ROUTES.items()}
    done = {(pattern, method) for pattern, method, _ in implemented(app)}
    for pattern, path in paths.items():
        is_uplink = pattern.startswith("/kernel/")
        where = (uplink_host, f"/{path}") if is_uplink else (host, f"{jp_base_url}{path}")
        for method in METHODS:
            if (pattern, method) not in done:
                for name, request in credentials.items():
                    status = await ask(where[0], method, where[1], request, upgrade=False)
                    assert (name, status in (400, 403, 404, 405, 429)) == (name, True), (
                        pattern,
                        method,
                    )


async def test_an_element_is_given_to_no_foreign_script(
    app: LiveStateApp, login: Any, jp_fetch: Any
) -> None:
    _, cookie = await login()
    headers = {**cookie, "Origin": "http://evil.example"}
    answer = await jp_fetch("livestate", "elements", "the-tag.js", headers=headers)
    assert not [name for name in answer.headers if name.startswith("Access-Control-")]


# origins


def origins(host: str) -> dict[str, tuple[str | None, bool]]:
    """Return origins by what is special about them, and whether a cookie counts from there."""
    name, _, port = host.partition(":")
    return {
        "own": (f"http://{host}", True),
        "own, in capitals": (f"HTTP://{host.upper()}", True),
        "own, by TLS that ends at a proxy": (f"https://{host}", True),
        "ours as a prefix": (f"http://{host}.evil.example", False),
        "ours as a prefix of a name": (f"http://{name}.evil.example:{port}", False),
        "ours as a suffix": (f"http://evil{host}", False),
        "ours as a suffix of a name": (f"http://evil.{host}", False),
        "ours as a path": (f"http://evil.example/{host}", False),
        "ours as a query": (f"http://evil.example?{host}", False),
        "ours as a user": (f"http://{host}@evil.example", False),
        "with a user": (f"http://evil.example@{host}", False),
        "with a dot": (f"http://{name}.:{port}", False),
        "without the port": (f"http://{name}", False),
        "with another port": (f"http://{name}:{int(port) + 1}", False),
        "with a longer port": (f"http://{host}0", False),
        "with another name for it": (f"http://127.0.0.1:{port}", False),
        "null": ("null", False),
        "empty": ("", False),
        "a file": ("file://", False),
        "two": (f"http://{host} http://evil.example", False),
        "no scheme": (host, False),
    }


@pytest.mark.parametrize(
    "path",
    ["livestate/websocket", "livestate/kernels/1/websocket", "livestate/longpoll"],
)
async def test_a_cookie_counts_from_our_own_origin_alone(
    path: str, login: Any, host: str, jp_base_url: str
) -> None:
    _, headers = await login()
    is_socket = not path.endswith("longpoll")
    let_in = 101 if is_socket else 410
    for name, (origin, is_ours) in origins(host).items():
        request = Request({"Cookie": headers["Cookie"], "Origin": str(origin)})
        came = await ask(host, "GET", f"{jp_base_url}{path}", request, upgrade=is_socket)
        assert (name, came) == (name, let_in if is_ours else 403)


async def test_a_request_without_an_origin_comes_from_no_page(
    login: Any, host: str, jp_base_url: str
) -> None:
    """Browsers send one with each WebSocket; for a GET they say by other headers who asks."""
    _, headers = await login()
    cookie = {"Cookie": headers["Cookie"]}
    path = f"{jp_base_url}livestate/"
    for route in ("websocket", "kernels/1/websocket"):
        assert await ask(host, "GET", path + route, Request(cookie), upgrade=True) == 101
    for more, status in (
        ({}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 410),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Referer": f"http://{host}/a"}, 410),
        ({"Referer": f"http://{host}.evil.example/"}, 403),
        ({"Referer": f"http://evil.example/{host}"}, 403),
    ):
        request = Request({**cookie, **more})
        came = await ask(host, "GET", f"{path}longpoll", request, upgrade=False)
        assert (more, came) == (more, status)


# messages

NAMES: Final[dict[str, Json]] = {
    wire_names.PHX_JOIN: ("ok", {}),  # to a session of its own
    wire_names.PHX_LEAVE: ("ok", {}),
    wire_names.REFRESH: ("error", UNMATCHED),
    wire_names.SYNC: ("error", UNMATCHED),
    f"{wire_names.EVENT_PREFIX}inc": ("error", UNMATCHED),
    wire_names.PHX_REPLY: ("error", UNMATCHED),
    wire_names.PHX_CLOSE: ("error", UNMATCHED),
    wire_names.PHX_ERROR: ("error", UNMATCHED),
}
"""Message -> the answer to who sends it about a topic that others have joined."""


async def test_each_name_of_the_wire_has_its_row() -> None:
    names = {
        one
        for one in vars(wire_names).values()
        if isinstance(one, str) and one.startswith(("phx_", "lvs_"))
    }
    assert {name for name in names if not any(one.startswith(name) for one in NAMES)} == set()


@pytest.mark.parametrize("name", NAMES)
async def test_no_message_reaches_what_another_has_joined(
    name: str, connect: Connect, login: Any
) -> None:
    (_, headers), (_, others) = await login(), await login()
    victim, other = await connect(headers=headers), await connect(headers=others)
    await victim.write(["1", "1", "counter:1", "phx_join", {}])
    await victim.wait("state:change")
    await other.write(["1", "2", "counter:1", name, {}])
    answer = await other.wait("phx_reply")
    assert (answer["status"], answer["response"]) == NAMES[name]
    await victim.dispatch("counter:1", "inc")
    patch = {"patch": [{"op": "replace", "path": "/count", "value": 1}], "version": 1}
    assert (await victim.read())[3:] == ["state:patch", patch]


async def test_a_place_is_given_back_to_no_other_user(connect: Connect, login: Any) -> None:
    (_, headers), (_, others) = await login(), await login()
    victim = await connect(headers=headers)
    ours = {"livestate": {}}
    await victim.push("counter:1", "phx_join", ours)
    terms = (await victim.wait("phx_reply"))["response"]["livestate"]
    await victim.wait("state:change")
    claim = {"livestate": {"resume": {"token": terms["token"], "received": 0}}}
    for params in ({"headers": others}, {}):  # another user, and who has Jupyter's token
        thief = await connect(**params)
        await thief.push("counter:1", "phx_join", claim)
        assert not (await thief.wait("phx_reply"))["response"]["livestate"]["resumed"]
    await victim.dispatch("counter:1", "inc")
    assert (await victim.wait("state:patch"))["version"] == 1


async def test_a_long_poll_session_is_another_s_by_no_credential(
    jp_fetch: Any, login: Any, credentials: dict[str, Request], host: str, jp_base_url: str
) -> None:
    _, headers = await login()
    polling = await Polling(jp_fetch, headers=headers).open()
    await polling.post(["1", "1", "counter:1", "phx_join", {}])
    for name, request in credentials.items():
        theirs = Request(request.headers, f"{request.query}&token={polling.token}")
        for method in ("GET", "POST"):
            came = await ask(
                host, method, f"{jp_base_url}livestate/longpoll", theirs, upgrade=False
            )
            assert (name, method, came in (403, 404, 410)) == (name, method, True)
    assert (await polling.wait("state:change"))["state"] == {"count": 0}
