"""Build the testbed's pages: modules that use the unmodified phx-live-state, bundled by esbuild."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
SOURCES: Final = HERE / "pages"
NPM: Final = HERE.parent / "npm" / "node_modules"
ESBUILD: Final = HERE.parents[1] / "js" / "node_modules" / ".bin" / "esbuild"

PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{name}</title>
<body></body>
<script type="module" src="{name}.js"></script>
</html>
"""


def build(directory: Path) -> None:
    """Put the pages into a directory, with none where the npm packages are not installed."""
    if not (NPM.exists() and ESBUILD.exists()):
        print("no pages: make setup installs what they are built with", file=sys.stderr)
        return
    sources = sorted(path for path in SOURCES.iterdir() if path.suffix in (".js", ".jsx"))
    command = [str(ESBUILD), *map(str, sources), "--bundle", "--format=esm", "--jsx=automatic"]
    command += [f"--outdir={directory}", "--log-level=error"]
    subprocess.run(command, check=True, env={**os.environ, "NODE_PATH": str(NPM)})
    for source in sources:
        (directory / f"{source.stem}.html").write_text(PAGE.format(name=source.stem))
