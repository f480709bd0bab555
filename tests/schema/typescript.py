"""Compile and format TypeScript with the tools of js/, as `make setup` has installed them."""

import json
from pathlib import Path

import pytest

from tests.nodes import find_node, run

JS = Path(__file__).parents[2] / "js"
MODULES = JS / "node_modules"


def compiled(directory: Path) -> str:
    """Compile a directory's TypeScript against the library in js/, and return what is wrong."""
    options = {
        "typeRoots": [str(MODULES / "@types")],
        "paths": {
            "livestate-nb": [str(JS / "src" / "index.ts")],
            "lit": [str(MODULES / "lit")],
        },
    }
    config = {
        "extends": str(JS / "tsconfig.json"),
        "compilerOptions": options,
        "include": ["*.ts"],
    }
    (directory / "tsconfig.json").write_text(json.dumps(config))
    code, output = _run(directory, "tsc", "--project", ".")
    assert bool(code) == bool(output), output
    return output


def unformatted(text: str, directory: Path) -> str:
    """Return what biome would change of a module; nothing if it is well formatted."""
    (directory / "declarations.ts").write_text(text)
    (directory / "biome.json").write_text((JS / "biome.json").read_text())
    code, output = _run(directory, "biome", "format", "declarations.ts")
    return output if code else ""


def _run(directory: Path, tool: str, *words: str) -> tuple[int, str]:
    node, script = find_node(), MODULES / ".bin" / tool
    if not script.exists():
        pytest.fail(f"there is no {script}: run make setup")
    return run([str(node), str(script), *words], node, directory)
