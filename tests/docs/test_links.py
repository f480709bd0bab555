"""Links between the pages, as GitHub shows them: each file and each heading is there.

Sphinx checks those of its own pages as well (`make docs`), and the addresses of others
(`make links`).
"""

import re
from functools import cache
from importlib.metadata import metadata
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.anchors.index import slugify

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "js" / "README.md"]
PAGES += sorted(page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts)
LISTS = ("changelog", "coming", "guide", "index", "reference")
SITE = {ROOT / "docs" / f"{name}.md" for name in LISTS}
"""Pages of the site that only list others."""
IN_HTML = re.compile(r'(?:src|srcset|href)="([^"]+)"')


@cache
def tokens(page: Path) -> list[Token]:
    """Return what stands on a page, the inline parts too."""
    found = MarkdownIt("gfm-like", {"linkify": False}).parse(page.read_text())
    return [one for token in found for one in (token, *(token.children or []))]


@cache
def headings(page: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    anchors: set[str] = set()
    for opening, inline in zip(tokens(page), tokens(page)[1:], strict=False):
        if opening.type != "heading_open":
            continue
        text = "".join(one.content for one in inline.children or [])
        anchor, count = slugify(text), 0
        while (unique := f"{anchor}-{count}" if count else anchor) in anchors:
            count += 1
        anchors.add(unique)
    return anchors


def targets(page: Path) -> list[str]:
    """Return where the links and pictures of a page lead to, other sites left out."""
    found: list[str] = []
    for token in tokens(page):
        if token.type in ("html_block", "html_inline"):
            found += IN_HTML.findall(token.content)
        elif token.type in ("link_open", "image"):
            found.append(str(token.attrs.get("href") or token.attrs.get("src")))
    return [one for one in found if "://" not in one and not one.startswith("mailto:")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    missing = []
    for target in targets(page):
        path, _, anchor = target.partition("#")
        to = (page.parent / unquote(path)).resolve() if path else page
        if not to.is_file() or (anchor and anchor not in headings(to)):
            missing.append(target)
    assert missing == []


def test_what_pypi_shows_leads_to_no_file_of_the_repository(tmp_path: Path) -> None:
    page = tmp_path / "description.md"
    page.write_text(str(metadata("livestate_nb").get_payload()))
    assert targets(page) == []
    assert "pip install" in page.read_text()


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        linked = {(page.parent / unquote(one.partition("#")[0])).resolve() for one in targets(page)}
        waiting += [one for one in linked if one.suffix == ".md" and one not in reached]
    guides = {page for page in PAGES if page.parent == ROOT / "docs"}
    assert guides - reached == SITE
