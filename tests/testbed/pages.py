"""Build the testbed's pages: modules written for phx-live-state, bundled by esbuild.

Each is built with the unmodified package, and below ours/ with our client in its place.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
SOURCES: Final = HERE / "pages"
NPM: Final = HERE.parent / "npm" / "node_modules"
JS: Final = HERE.parents[1] / "js"
ESBUILD: Final = JS / "node_modules" / ".bin" / "esbuild"

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
    _build(directory)
    _build(directory / "ours", f"--alias:phx-live-state={JS / 'src' / 'index.ts'}")


def _build(directory: Path, *options: str) -> None:
    sources = sorted(path for path in SOURCES.iterdir() if path.suffix in (".js", ".jsx", ".ts"))
    command = [str(ESBUILD), *map(str, sources), "--bundle", "--format=esm", "--jsx=automatic"]
    command += [f"--outdir={directory}", "--log-level=error", *options]
    subprocess.run(command, check=True, env={**os.environ, "NODE_PATH": str(NPM)})
    for source in sources:
        (directory / f"{source.stem}.html").write_text(PAGE.format(name=source.stem))
