"""Copies of hostile elements, in a browser: nothing in what a notebook saves of them runs."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.fuzz.cases import IS_LONG

JS = Path(__file__).parents[2] / "js"
ENTRY = JS / "tests" / "lab" / "hostile.ts"
CASES = {"copies": 200, "outputs": 200}
TIMES = 20 if IS_LONG else 1

COPY = """([build, rules]) => {
  const shown = document.createElement("x-shown");
  const root = shown.attachShadow({ mode: "open" });
  root.append(document.createElement("style"));
  root.firstChild.textContent = rules;
  new Function("root", build)(root);
  document.body.replaceChildren(shown);
  const copy = document.createElement("div");
  copy.setHTMLUnsafe(hostile.copyOf(shown));
  document.body.replaceChildren(copy);
  const saved = copy.firstChild.shadowRoot;
  return [...saved.querySelectorAll(":not(style)")].map((one) =>
    [one.localName, one.textContent, getComputedStyle(one).letterSpacing]);
}"""
"""Shows an element that a script builds, and returns what a copy of it shows in its place."""


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    bundle = tmp_path_factory.mktemp("bundle") / "hostile.js"
    esbuild = str(JS / "node_modules" / ".bin" / "esbuild")
    options = ["--bundle", "--format=iife", "--global-name=hostile", f"--outfile={bundle}"]
    subprocess.run([esbuild, str(ENTRY), *options, "--log-level=error"], check=True, cwd=JS)
    page = browser.new_page()
    page.add_script_tag(path=bundle)
    yield page
    page.close()


def copied(page: Page, build: str, rules: str) -> Any:
    return page.evaluate(COPY, [build, rules])


def test_tags_may_have_characters_that_patterns_read_otherwise(page: Page) -> None:
    rules = """
      x-a\\.b { letter-spacing: 3px }
      x-axb { letter-spacing: 5px }
      x-é { letter-spacing: 7px }
      x-a { letter-spacing: 9px }
    """
    tags = ["x-a.b", "x-axb", "x-é", "x-a"]
    build = f"root.append(...{tags}.map((tag) => document.createElement(tag)))"
    assert copied(page, build, rules) == [
        ["x-a.b-saved", "", "3px"],
        ["x-axb-saved", "", "5px"],
        ["x-é-saved", "", "7px"],
        ["x-a-saved", "", "9px"],
    ]


@pytest.mark.parametrize("tag", ["x-a(", "x-[", "x-*", "x-+?", "x-a|b", "x-$&", "x-\\"])
def test_tags_that_only_parsers_make_are_copied_too(page: Page, tag: str) -> None:
    build = f"root.append(document.createElement('p')); root.lastChild.innerHTML = {f'<{tag}>a'!r}"
    assert [text for _, text, _ in copied(page, build, "")] == ["a", "a"]


def test_markup_in_a_rule_stays_text_where_a_script_has_put_an_element_into_svg(page: Page) -> None:
    build = """
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      const inner = document.createElement("x-a");
      inner.attachShadow({ mode: "open" }).innerHTML = "<style></style>";
      inner.shadowRoot.firstChild.textContent =
        "b::before { content: '<img src=x onerror=alert()>' }";
      svg.append(inner);
      root.append(svg);
    """
    names = [name for name, _, _ in copied(page, build, "")]
    assert names == ["svg", "x-a-saved", "template"]


def test_markup_in_a_rule_is_shown_as_it_was(page: Page) -> None:
    rules = """
      b::before { content: "</style><b>" }
      @media (width > 1px) and (1px <= height) { b { letter-spacing: 3px } }
    """
    assert copied(page, "root.append(document.createElement('b'))", rules) == [["b", "", "3px"]]
    content = "getComputedStyle(document.querySelector('x-shown-saved')"
    content += ".shadowRoot.querySelector('b'), '::before').content"
    assert page.evaluate(content) == '"</style><b>"'


@pytest.mark.parametrize("what", CASES)
def test_no_copy_of_an_element_runs_anything(
    page: Page, what: str, record_property: Callable[[str, object], None]
) -> None:
    cases = CASES[what] * TIMES
    page.evaluate("([what, cases]) => hostile[what](cases)", [what, cases])
    record_property("cases", cases)
