"""What cannot be run here, the conda recipe and Binder's files, says what pyproject.toml says."""

import os
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
RECIPE: dict[str, Any] = yaml.safe_load((ROOT / ".ci" / "conda" / "recipe.yaml").read_text())
OF_CONDA = {"msgspec": "msgspec-python"}
"""Names that conda-forge gives to packages of PyPI, where they differ."""


def requirements(lines: list[str]) -> set[tuple[str, str]]:
    found = [Requirement(line) for line in lines]
    return {(OF_CONDA.get(one.name, one.name), str(one.specifier)) for one in found}


def test_the_conda_recipe_has_the_projects_version_and_requirements() -> None:
    assert RECIPE["context"]["version"] == PROJECT["version"]
    assert RECIPE["package"]["name"] == PROJECT["name"]
    assert RECIPE["about"]["license"] == PROJECT["license"]
    assert RECIPE["about"]["summary"] == PROJECT["description"]
    python = f"python {PROJECT['requires-python']}"
    wanted = requirements([python, *PROJECT["dependencies"]])
    assert requirements(RECIPE["requirements"]["run"]) == wanted
    scripts = [f"{name} = {where}" for name, where in PROJECT["scripts"].items()]
    assert RECIPE["build"]["python"]["entry_points"] == scripts


def test_binder_gets_what_the_notebooks_need() -> None:
    binder = ROOT / "binder"
    development = dict(requirements(PROJECT["optional-dependencies"]["dev"]))
    for name, bound in requirements((binder / "requirements.txt").read_text().split()):
        assert development[name] == bound
    version = (binder / "runtime.txt").read_text().strip()
    assert (
        f"Programming Language :: Python :: {version.removeprefix('python-')}"
        in (PROJECT["classifiers"])
    )
    assert os.access(binder / "postBuild", os.X_OK)
    subprocess.run(["bash", "-n", binder / "postBuild"], check=True)
    assert "'.[tutorials]'" in (binder / "postBuild").read_text()
    assert PROJECT["optional-dependencies"]["tutorials"]
