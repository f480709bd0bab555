"""The wheel alone in a clean environment, on each Python of this machine: `make release`."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.release.pythons import pythons
from tests.servers import serve, serve_alone
from tests.ui.lab import LAB, Tab, chromium, new_context

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "quickstart.ipynb"
BESIDE = ("jupyterlab", "voila", "sqlalchemy")
"""What the quickstart needs and a user has: a place to show it, and its database."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment that has the wheel in it."""

    directory: Path

    @property
    def python(self) -> str:
        return str(self.directory / "bin" / "python")

    def run(self, *command: str) -> str:
        """Run a module's command line and return all that it said; it has to succeed."""
        path = f"{self.directory / 'bin'}{os.pathsep}{os.environ['PATH']}"
        config = str(self.directory / "config")
        done = subprocess.run(
            [self.python, "-m", *command],
            cwd=self.directory,
            env={**os.environ, "PATH": path, "JUPYTER_CONFIG_DIR": config},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


@pytest.fixture(scope="module")
def wheel() -> Path:
    found = sorted((ROOT / "dist").glob("*.whl"))
    assert len(found) == 1, f"expected one wheel in dist/, found {found}: run make release"
    return found[0]


@pytest.fixture(scope="module", params=pythons().items(), ids=lambda one: one[0])
def environment(
    request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Environment:
    _, python = request.param
    directory = tmp_path_factory.mktemp("environment")
    subprocess.run([python, "-m", "venv", directory], check=True)
    environment = Environment(directory)
    environment.run("pip", "install", "--quiet", str(wheel), *BESIDE)
    return environment


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def adds_a_todo(element: Locator) -> None:
    element.get_by_placeholder("What needs doing?").fill("Buy milk", timeout=90_000)
    element.get_by_role("button", name="Add").click()
    expect(element.locator("li", has_text="Buy milk")).to_be_visible()


def test_what_is_installed_fits_together(environment: Environment) -> None:
    assert "No broken requirements found" in environment.run("pip", "check")
    told = re.sub(
        r"\x1b\[\d*m|^Extension package .* to import\n",  # colours, and what was slow
        "",
        environment.run("jupyter", "server", "extension", "list"),
        flags=re.MULTILINE,
    )
    assert str(environment.directory / "etc") in told
    assert re.search(r"livestate_nb_server enabled\n.*\n +livestate_nb_server \S+ OK\n", told), told
    assert len(re.findall(r" OK$", told, re.MULTILINE)) == told.count("- Validating"), told
    assert "usage: jupyter livestate" in environment.run("jupyter", "livestate", "--help")


def test_the_quickstart_runs_in_jupyterlab(
    environment: Environment, browser: Browser, tmp_path: Path
) -> None:
    with serve(tmp_path, "jupyterlab", *LAB, python=environment.python) as server:
        shutil.copy(NOTEBOOK, server.root)
        context = new_context(browser)
        tab = Tab(server, context, NOTEBOOK.name)
        tab.run_all()
        adds_a_todo(tab.element("todo-list"))
        assert "Buy milk" in tab.run("state")
        package = Path(tab.evaluate("import livestate_nb; print(livestate_nb.__file__)").strip())
        assert package.is_relative_to(environment.directory)
        context.close()


def test_the_quickstart_runs_in_voila(
    environment: Environment, browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "root").mkdir()
    shutil.copy(NOTEBOOK, tmp_path / "root")
    command = ("voila", NOTEBOOK.name, "--no-browser")
    with serve_alone(tmp_path, "voila/static/none", *command, python=environment.python) as server:
        page = browser.new_page()
        page.goto(server.url)
        adds_a_todo(page.locator("todo-list"))
        page.close()
