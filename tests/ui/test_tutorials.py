"""The tutorials of docs/tutorials.md: each notebook is run in JupyterLab, and used by people."""

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.servers import TOKEN, Server, serve
from tests.ui.lab import LAB, PATIENCE_MS, Tab, new_context

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
PAGE = '<!doctype html><meta charset="utf-8"><title>A page</title><h1>A page</h1>'
WINDOW = {"width": 1000, "height": 5000}  # Lab detaches what is out of view


class People:
    """Let people use one server, each with a browser of their own."""

    def __init__(self, browser: Browser, server: Server) -> None:
        self._browser = browser
        self._server = server
        self._contexts: list[BrowserContext] = []

    def author(self, name: str, *, is_run: bool = True) -> Tab:
        """Open a notebook, run it from top to bottom, and save it."""
        shutil.copy(NOTEBOOKS / name, self._server.root)
        tab = self.colleague(name)
        if is_run:
            tab.run_all()
            tab.save()
        return tab

    def colleague(self, name: str) -> Tab:
        """Open a notebook as it was saved."""
        tab = Tab(self._server, self._context(), name, view="doc/tree")
        tab.page.set_viewport_size(WINDOW)
        saved = tab.page.locator(".livestate-saved").locator("visible=true")
        expect(saved).to_have_count(0)  # what was saved gives way to what is live
        return tab

    def reader(self, name: str) -> Page:
        """Open a page of the server that has what a notebook's text says to put there."""
        cells = json.loads((NOTEBOOKS / name).read_text())["cells"]
        (text,) = ["".join(cell["source"]) for cell in cells if cell["id"] == "html"]
        (told,) = re.findall(r"```html\n(.*?)```", text, re.DOTALL)
        (self._server.root.parent / "pages" / "article.html").write_text(PAGE + told)
        page = self._visitor()
        page.goto(f"{self._server.url}static/article.html")
        return page

    def viewer(self, name: str) -> Page:
        """Open a notebook in Voila."""
        shutil.copy(NOTEBOOKS / name, self._server.root)
        page = self._visitor()
        page.goto(f"{self._server.url}voila/render/{name}")
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _visitor(self) -> Page:
        page = self._context().new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{self._server.url}api/status?token={TOKEN}")  # logs in
        return page

    def _context(self) -> BrowserContext:
        context = new_context(self._browser)
        self._contexts.append(context)
        return context


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("lab")
    pages = directory / "pages"
    pages.mkdir()
    config = f"c.ServerApp.extra_static_paths = [{str(pages)!r}]"
    with serve(directory, "jupyterlab", *LAB, config=config) as server:
        yield server


@pytest.fixture
def people(browser: Browser, lab: Server) -> Iterator[People]:
    people = People(browser, lab)
    yield people
    people.close()


def rows(lab: Server, file: str, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(lab.root / file)) as db:
        return db.execute(query).fetchall()


def test_notebooks_hold_no_outputs_and_name_each_cell_once() -> None:
    for path in NOTEBOOKS.glob("*.ipynb"):
        cells = json.loads(path.read_text())["cells"]
        names = [cell["id"] for cell in cells]
        assert len(names) == len(set(names)), path.name
        assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)


def test_a_contact_form_says_what_the_model_refuses(people: People, lab: Server) -> None:
    author = people.author("contact.ipynb")
    saved = "select name, email, phone_number from contacts"

    def fill(page: Page, **fields: str) -> None:
        form = page.locator("contact-form")
        for label, text in fields.items():
            form.get_by_label(label.replace("_", " ")).fill(text)
        form.get_by_role("button", name="Save").click()

    form = author.element("contact-form")
    fill(author.page, Name="Ann")
    problems = form.get_by_role("alert")
    expect(problems).to_have_text([re.compile("looks like"), re.compile("at least six")])
    expect(form.get_by_label("Name")).to_have_value("Ann")
    fill(author.page, Email="ann@example.org", Phone_number="call me")
    expect(problems).to_have_text([re.compile("at least six")])
    assert rows(lab, "pipespot.db", saved) == []
    fill(author.page, Phone_number=" +43 1 234567")
    expect(form.get_by_text("Thank you for being a friend!")).to_be_visible()
    assert rows(lab, "pipespot.db", saved) == [("Ann", "ann@example.org", "+43 1 234567")]
    assert "ann@example.org" in author.run("rows")

    page = people.reader("contact.ipynb")
    fill(page, Name="Bob", Email="bob@example.org", Phone_number="234567")
    expect(page.get_by_text("Thank you for being a friend!")).to_be_visible()
    assert len(rows(lab, "pipespot.db", saved)) == 2

    form = author.page.get_by_role("form", name="A friend")
    for label, text in [("Name", "Carl"), ("Email", "nowhere"), ("Phone Number", "345678")]:
        form.get_by_label(label).fill(text)
    form.get_by_role("button", name="Add").click()
    expect(form.get_by_role("alert")).to_contain_text("An address looks like ann@example.org.")
    form.get_by_label("Email").fill("carl@example.org")
    form.get_by_role("button", name="Add").click()
    friends = author.element("livestate-table").get_by_role("gridcell", name="carl@example.org")
    expect(friends).to_be_visible()


def test_comments_reach_all_visitors_and_are_kept(people: People, lab: Server) -> None:
    author = people.author("comments.ipynb")
    page = people.reader("comments.ipynb")
    ann, bob = (author.element("page-comments", index) for index in range(2))
    carl = page.locator("page-comments")
    everybody = (ann, bob, carl)
    for one in everybody:
        expect(one.get_by_text("Thank you for reading!")).to_be_visible()
    expect(ann.get_by_label("Your name")).to_have_value("Ann")

    bob.get_by_label("Comment", exact=True).fill("half a thought")
    ann.get_by_label("Comment", exact=True).fill("Well said")
    ann.get_by_role("button", name="Send").click()
    expect(carl.get_by_text("Well said")).to_be_visible()
    carl.get_by_label("Your name").fill("Carl")
    carl.get_by_label("Comment", exact=True).fill("I doubt it")
    carl.get_by_role("button", name="Send").click()
    for one in everybody:
        expect(one.get_by_role("listitem")).to_have_text(
            [
                re.compile("The author.*Thank you"),
                re.compile("Ann.*Well said"),
                re.compile("Carl.*"),
            ]
        )
    expect(bob.get_by_label("Comment", exact=True)).to_have_value("half a thought")
    expect(carl.get_by_label("Your name")).to_have_value("Carl")
    assert rows(lab, "comments.db", "select author, text from comments where id > 1") == [
        ("Ann", "Well said"),
        ("Carl", "I doubt it"),
    ]
    page.reload()
    expect(carl.get_by_role("listitem")).to_have_count(3)


def test_a_chat_shows_who_is_there_and_who_is_typing(people: People) -> None:
    one = people.author("chat.ipynb")
    other = people.colleague("chat.ipynb")
    ann, bob = one.element("chat-room"), other.element("chat-room")

    def enter(tab: Tab, name: str) -> None:
        tab.element("chat-room").get_by_label("Your name").fill(name)
        tab.page.keyboard.press("Enter")

    def here(tab: Tab, text: str) -> None:
        expect(tab.element("chat-room").get_by_role("status")).to_have_text(text)

    enter(one, "Ann")
    here(one, "Ann")
    enter(other, "Ann")
    refusal = other.page.get_by_role("alert").filter(has_text="Ann is in the room already.")
    expect(refusal).to_be_visible()
    enter(other, "Bob")
    here(one, "Ann · Bob")
    bob.get_by_label("Message", exact=True).fill("Hel")
    here(one, "Ann · Bob is typing…")
    bob.get_by_label("Message", exact=True).fill("Hello")
    other.page.keyboard.press("Enter")
    said = ann.get_by_role("list", name="Messages").get_by_role("listitem")
    expect(said).to_have_text(["Python The kettle is on.", "Bob Hello"])
    here(one, "Ann · Bob")
    assert one.run("members") == "2"
    other.page.close()
    here(one, "Ann")


def test_a_training_cell_is_watched_steered_and_stopped(people: People) -> None:
    tab = people.author("training.ipynb", is_run=False)
    tab.page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells') }")
    view = tab.element("livestate-view")
    chart = view.get_by_role("img", name="Course")
    expect(chart).to_have_accessible_name(re.compile(r"line chart of \d{2,} points"))
    rate = view.get_by_role("slider", name="Learning rate")
    rate.focus()
    tab.page.keyboard.press("End")
    expect(rate).to_have_value("1")
    loss = re.compile(r"Loss: last 0\.0")
    expect(chart).to_have_accessible_name(loss)
    view.get_by_role("button", name="Stop").click()
    outcome = tab.page.get_by_text(re.compile(r"After \d+ epochs, \d\d"))
    expect(outcome).to_be_visible()
    tab.ready()
    epochs = int(re.findall(r"After (\d+) epochs", tab.output("outcome"))[0])
    assert 10 < epochs < 5_000
    assert tab.evaluate("print(monitor.state['is_stopped'], monitor.state['rate'])") == "True 1"
    expect(view.get_by_role("progressbar", name="Epochs")).to_be_visible()


def test_birds_are_labelled_by_two_and_shown_in_voila(people: People, lab: Server) -> None:
    one = people.author("labels.ipynb")
    viewer = people.viewer("dashboard.ipynb")
    done = "select count(*) from labels"
    ((by_rule,),) = rows(lab, "labels.db", done)
    other = people.colleague("labels.ipynb")
    assert 100 < by_rule < 140

    def choose(tab: Tab, bird: str) -> None:
        tab.element("livestate-table").get_by_role("gridcell", name=bird, exact=True).click()

    def label(tab: Tab, bird: str, kind: str) -> None:
        choose(tab, bird)
        tab.page.get_by_role("button", name=kind).click()

    before = one.evaluate("print(labelling.state)")
    choose(one, "40.3")
    choose(other, "40.3")
    chosen = "print([member.assigns.get('bird') for member in labelling.members])"
    one.wait_for(chosen, "[2, 2]")
    other.reload()
    one.wait_for(chosen, "[2, None]")
    assert one.evaluate("print(labelling.state)") == before
    other.page.get_by_role("button", name="Gentoo").click()
    refusal = other.page.get_by_role("alert").filter(has_text="Choose a bird first")
    expect(refusal).to_be_visible()
    label(one, "40.3", "Adelie")
    label(other, "36.7", "Chinstrap")
    expect(refusal).to_be_hidden()
    for page in (one.page, other.page, viewer):
        expect(page.get_by_text(f"{by_rule + 2} of 342")).to_be_visible()
    labelled = one.page.get_by_role("row", name=re.compile("^36.7 .* Chinstrap Anonymous"))
    expect(labelled).to_be_visible()
    kept = "select bird, kind from labels where person != 'a rule' order by bird"
    assert rows(lab, "labels.db", kept) == [(2, "Adelie"), (3, "Chinstrap")]
    assert "Chinstrap" in one.run("export")
    for person, birds in rows(lab, "labels.db", "select person, count(*) from labels group by 1"):
        expect(viewer.get_by_role("row", name=f"{person} {birds}", exact=True)).to_be_visible()
    chart = viewer.get_by_role("img", name="Bill depth")
    expect(chart).to_have_accessible_name(re.compile(f"{by_rule + 2} points"))
