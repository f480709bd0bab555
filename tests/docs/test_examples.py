"""The Python in the documentation, run block by block in a real kernel, as a reader would.

What a block needs beyond the page stands before it as `invisible-code-block`; what can't be run
here is marked with `skip: next` and the reason. tests/ui/test_docs.py opens the HTML.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from unittest import SkipTest

import pytest
from sybil import Example
from sybil.document import Document
from sybil.parsers.markdown import CodeBlockParser, SkipParser

from tests.kernels import CellError, Kernel

ROOT = Path(__file__).parents[2]
ELSEWHERE = {"testing.md", "types.md"}  # whole files: tests/testing, tests/schema
PAGES = [
    page
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    if "```python" in page.read_text() and page.name not in ELSEWHERE
]


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    kernel = Kernel()
    kernel.run("%colors nocolor")
    kernel.run(f"import os; os.chdir({os.fspath(tmp_path_factory.mktemp('reader'))!r})")
    yield kernel
    kernel.close()


@pytest.fixture
def kernel(started: Kernel) -> Iterator[Kernel]:
    yield started
    started.run("%unload_ext livestate_nb")
    started.run("%reset -f")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_python_of_a_page_runs(page: Path, kernel: Kernel) -> None:
    def run(example: Example) -> None:
        try:
            kernel.run(example.parsed, cell=f"{page.name}-{example.line}")
        except CellError as error:
            pytest.fail(f"{page}:{example.line}: {error}")

    document = Document.parse(
        str(page),
        SkipParser(),
        CodeBlockParser("python", run),
        CodeBlockParser("html", lambda _: None),  # tests/ui/test_docs.py skips these
    )
    for example in document.examples():
        try:
            example.evaluate()
        except SkipTest as reason:
            print(f"{page.name}:{example.line}: not run: {reason}")
