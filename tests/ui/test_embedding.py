"""The contact form of the tutorial on a page of another origin, by a share: docs/embedding.md."""

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.servers import Server, serve
from tests.sites import Site, site
from tests.ui.hosts import Way
from tests.ui.lab import LAB, PATIENCE_MS, Tab, export, new_context

CONTACT = Path(__file__).parents[2] / "notebooks" / "contact.ipynb"
NAME = "contact.ipynb"
CELLS = ["load", "contacts", "form", "element-cell", "publish"]
SHARE = "ContactForm.share('contact_form:all', origins={!r}, url={!r}, expires={!r})"
CLIENT = """
<p id="told"></p>
<script type="module">
  import {{ LiveState }} from "{url}livestate/static/livestate.js";
  const told = document.querySelector("#told");
  const live = new LiveState({{
    url: "{url}livestate/public".replace("http", "ws"),
    topic: "{topic}",
    share: "{token}",
  }});
  live.addEventListener("livestate-change", () => told.textContent = JSON.stringify(live.state));
  live.addEventListener("livestate-error", ({{ detail }}) => told.textContent = detail.message);
  live.connect();
  document.querySelector("#told").live = live;
</script>
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("lab")
    with serve(directory, "jupyterlab", *LAB, "--ServerApp.log_level=DEBUG") as server:
        yield server


@pytest.fixture(scope="module")
def way() -> Iterator[Way]:
    way = Way()
    yield way
    way.close()


@pytest.fixture(scope="module")
def public(lab: Server, way: Way) -> str:
    """Return where outsiders reach the server: as through a proxy, which can be cut."""
    return way.to(lab).url


@pytest.fixture(scope="module")
def pages() -> Iterator[Site]:
    with site() as pages:
        yield pages


@pytest.fixture(scope="module")
def author(lab: Server, browser: Browser) -> Iterator[Tab]:
    """Open the tutorial, run up to where it publishes, with a cell for shares."""
    notebook = json.loads(CONTACT.read_text())
    cells = {cell["id"]: cell for cell in notebook["cells"]}
    free = {**cells["publish"], "id": "share", "source": ""}
    notebook["cells"] = [*(cells[name] for name in CELLS), free]
    (lab.root / NAME).write_text(json.dumps(notebook))
    context = new_context(browser)
    tab = Tab(lab, context, NAME)
    run(tab)
    yield tab
    context.close()


def run(author: Tab) -> None:
    """Run the tutorial's cells, one after the other."""
    for name in CELLS:
        author.run(name)


@pytest.fixture
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    context = new_context(browser)
    yield context
    context.close()


class Share:
    """A share that the author has made in the notebook."""

    def __init__(self, author: Tab, *terms: str) -> None:
        author.edit("share", SHARE.format(*terms))
        author.run("share")
        card = author.page.locator(".livestate-card")
        self.html = card.locator("pre").inner_text()
        self.token = re.findall(r'share="(lvs\.[^"]+)"', self.html)[0]
        self.id = card.get_by_text("%livestate revoke").inner_text().split()[-1]


class Form:
    """The contact form on a page."""

    def __init__(self, page: Page) -> None:
        self._element = page.locator("contact-form")
        self.thanks = self._element.get_by_text("Thank you for being a friend!")
        self.mistakes = self._element.locator("small")
        self.refusal = self._element.locator(".livestate-problem")

    def field(self, label: str) -> Locator:
        return self._element.get_by_label(label)

    def fill(self, name: str, email: str, phone: str) -> None:
        self.field("Name").fill(name)
        self.field("Email").fill(email)
        self.field("Phone number").fill(phone)

    def save(self) -> None:
        self._element.get_by_role("button", name="Save").click()


def visit(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(address)
    return page


def saved(lab: Server) -> list[str]:
    with closing(sqlite3.connect(lab.root / "pipespot.db")) as db:
        return [name for (name,) in db.execute("select name from contacts order by id")]


@pytest.fixture(scope="module")
def share(author: Tab, pages: Site, public: str) -> Share:
    share = Share(author, pages.origin, public, "1h")
    pages.write("form.html", share.html)
    return share


def test_the_form_runs_on_a_page_of_another_origin(
    share: Share, lab: Server, pages: Site, visitor: BrowserContext
) -> None:
    before = len(saved(lab))
    page = visit(visitor, f"{pages.origin}/form.html")
    form = Form(page)
    form.fill("A", "ann at example.org", "0123456789")
    form.save()
    expect(form.mistakes).to_have_text(
        ["What may we call you?", "An address looks like ann@example.org."]
    )
    expect(form.field("Name")).to_have_value("A")
    form.fill("Ann", "ann@example.org", "0123456789")
    form.save()
    expect(form.thanks).to_be_visible()
    assert saved(lab)[before:] == ["Ann"]
    page.reload()
    expect(form.field("Name")).to_have_value("")
    expect(form.thanks).to_have_count(0)


def test_two_visitors_do_not_see_each_other(
    share: Share, lab: Server, pages: Site, visitor: BrowserContext, browser: Browser
) -> None:
    other = new_context(browser)
    ann, bob = (Form(visit(one, f"{pages.origin}/form.html")) for one in (visitor, other))
    ann.save()
    expect(ann.mistakes).to_have_count(3)
    expect(bob.field("Name")).to_be_visible()
    expect(bob.mistakes).to_have_count(0)
    bob.fill("Bob", "bob@example.org", "9876543210")
    bob.save()
    expect(bob.thanks).to_be_visible()
    expect(ann.thanks).to_have_count(0)
    assert saved(lab)[-1] == "Bob"
    other.close()


def test_a_visitor_comes_back_after_the_connection_was_cut(
    share: Share, lab: Server, way: Way, pages: Site, visitor: BrowserContext
) -> None:
    page = visit(visitor, f"{pages.origin}/form.html")
    form = Form(page)
    form.fill("Carl", "carl", "123456")
    form.save()
    expect(form.mistakes).to_have_count(1)
    with page.expect_websocket():
        way.cut()
    form.field("Email").fill("carl@example.org")
    form.save()
    expect(form.thanks).to_be_visible()
    expect(form.refusal).to_have_count(0)
    assert saved(lab)[-1] == "Carl"


def test_a_page_of_another_site_is_refused(
    share: Share, public: str, visitor: BrowserContext
) -> None:
    with site() as other:
        address = other.write("form.html", share.html)
        page = visitor.new_page()
        is_script = re.compile("/contact-form.js$")
        with page.expect_event("requestfailed", lambda request: is_script.search(request.url)):
            page.goto(address)
        expect(page.locator("contact-form")).to_be_empty()
        told = CLIENT.format(url=public, topic="contact_form:all", token=share.token)
        page = visit(visitor, other.write("client.html", told))
        expect(page.locator("#told")).to_have_text("share not for this origin")


def test_a_share_opens_no_other_topic(
    share: Share, pages: Site, public: str, visitor: BrowserContext
) -> None:
    for topic, told in [
        ("contact_form:all", '{"complete":false,"errors":{}}'),
        ("contact_form:other", "share not for this topic"),
    ]:
        html = CLIENT.format(url=public, topic=topic, token=share.token)
        page = visit(visitor, pages.write("client.html", html))
        expect(page.locator("#told")).to_have_text(told)


def test_the_form_runs_in_a_file_where_that_is_allowed(
    author: Tab, tmp_path: Path, public: str, visitor: BrowserContext
) -> None:
    share = Share(author, "null", public, "1h")
    file = tmp_path / "form.html"
    file.write_text(f"<!doctype html>{share.html}")
    form = Form(visit(visitor, file.as_uri()))
    form.save()
    expect(form.mistakes).to_have_count(3)


def test_a_visitor_is_told_that_the_share_was_revoked(
    author: Tab, pages: Site, public: str, visitor: BrowserContext
) -> None:
    share = Share(author, pages.origin, public, "1h")
    page = visit(visitor, pages.write("revoked.html", share.html))
    form = Form(page)
    form.fill("Dora", "", "")
    assert author.evaluate(f"%livestate revoke {share.id}") == f"ended: {share.id}"
    expect(form.refusal).to_have_text("Not connected: share revoked")
    expect(form.field("Name")).to_have_value("Dora")
    assert share.id not in author.evaluate("%livestate shares")


def test_a_visitor_is_told_that_the_share_has_expired(
    author: Tab, pages: Site, public: str, visitor: BrowserContext
) -> None:
    share = Share(author, pages.origin, public, "30s")
    form = Form(visit(visitor, pages.write("expired.html", share.html)))
    expect(form.field("Name")).to_be_visible()
    expect(form.refusal).to_have_text("Not connected: share expired")


def test_the_token_is_shown_once_and_stands_in_nothing_that_is_saved(
    author: Tab, lab: Server, pages: Site, public: str
) -> None:
    share = Share(author, pages.origin, public, "1h")
    author.save()
    notebook = lab.root / NAME
    texts = [notebook.read_text(), export(notebook).read_text(), lab.log.read_text()]
    assert "was shown once" in texts[1]
    for text in texts:
        assert share.id in text
        assert share.token not in text
        assert share.token.rpartition(".")[2] not in text
    author.reload()
    card = author.page.locator(".livestate-card")
    expect(card).to_contain_text("What to paste was shown once")
    expect(card.locator("pre")).to_have_count(0)
    assert share.token not in author.page.content()
    author.evaluate("%livestate revoke all")

    shutil.copy(notebook, lab.root / "copy.ipynb")
    copy = Tab(lab, author.page.context, "copy.ipynb")
    note = copy.page.get_by_text("was shown once: run the cell again").locator("visible=true")
    expect(note).to_contain_text(share.id)
    copy.page.close()


def test_the_html_can_be_copied_by_the_keyboard(
    author: Tab, lab: Server, pages: Site, public: str
) -> None:
    author.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    share = Share(author, pages.origin, public, "1h")
    cells = author.page.locator(".jp-Cell").count()
    author.page.locator(".livestate-card").get_by_role("button", name="Copy").press("Enter")
    expect(author.page.locator(".livestate-card").get_by_role("status")).to_have_text("Copied.")
    assert author.page.evaluate("navigator.clipboard.readText()") == share.html
    region = author.page.get_by_role("region", name="HTML to paste")
    region.press("d")
    region.press("d")
    expect(author.page.locator(".jp-Cell")).to_have_count(cells)
    author.evaluate("%livestate revoke all")


def test_a_share_outlives_its_kernel(
    author: Tab, lab: Server, pages: Site, public: str, visitor: BrowserContext
) -> None:
    share = Share(author, pages.origin, public, "1h")
    form = Form(visit(visitor, pages.write("form.html", share.html)))
    form.fill("Eve", "eve@example.org", "0123456789")
    author.page.evaluate(
        """() => {
          window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart();
        }"""
    )
    expect(author.page.get_by_text("The kernel has gone: run the cell again.")).to_be_visible()
    author.ready()
    run(author)
    form.save()
    expect(form.thanks).to_be_visible()
    assert saved(lab)[-1] == "Eve"
    assert share.id in author.evaluate("%livestate shares")
