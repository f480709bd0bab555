"""Patches made here, applied by the browser's own client (js/src/patch.ts, run by node)."""

import os
import shutil
import subprocess
from pathlib import Path
from random import Random
from typing import Any

from livestate_nb.codec import dumps
from livestate_nb.state.change import Change
from livestate_nb.state.draft import finish, open_draft
from livestate_nb.state.encoder import DocumentEncoder
from tests.state.trees import Hand, value

JS = Path(__file__).parents[2] / "js"
CASES = 100_000 if os.environ.get("HYPOTHESIS_PROFILE") == "nightly" else 400
BATCH = 2_000

CHECK = """
import cases from "./cases.mjs";
import { applyPatch } from "./patch.mjs";

const sorted = (value) =>
  Array.isArray(value) ? value.map(sorted)
  : value && typeof value === "object"
    ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]))
    : value;
const text = (value) => JSON.stringify(sorted(value));
let passed = 0;
for (const { before, patch, after } of cases) {
  const was = text(before);
  const result = applyPatch(before, patch);
  if (text(result) !== text(after)) throw new Error(`wrong: ${was} ${text(patch)}`);
  if (text(before) !== was) throw new Error(`the old document was changed: ${was}`);
  passed += 1;
}
console.log(passed);
"""


def test_the_browsers_client_gets_the_same_documents(tmp_path: Path) -> None:
    (tmp_path / "check.mjs").write_text(CHECK)
    esbuild = JS / "node_modules" / ".bin" / "esbuild"
    build = [str(esbuild), "src/patch.ts", "--bundle", "--format=esm", "--log-level=error"]
    run([*build, f"--outfile={tmp_path / 'patch.mjs'}"], JS)
    for first in range(0, CASES, BATCH):
        seeds = range(first, min(first + BATCH, CASES))
        # as a module: JSON.parse of node 24.19 (V8 13.6) at times takes one escaped key for another
        cases = dumps([case(seed) for seed in seeds])
        (tmp_path / "cases.mjs").write_bytes(b"export default " + cases + b";\n")
        passed = run([shutil.which("node") or "node", "check.mjs"], tmp_path)
        assert passed == str(len(seeds)), f"of the seeds from {first} on"


def case(seed: int) -> dict[str, Any]:
    """Return a random document, the patch of random changes to it, and what it became."""
    random = Random(seed)
    base = {f"part{number}": value(random, 3) for number in range(4)}
    draft = open_draft(base)
    hand = Hand(draft)
    for _ in range(random.randrange(1, 8)):
        hand.change(random.randrange(2**32))
    finished = finish(draft)
    encoder = DocumentEncoder()
    change = Change(base, finished.state, touched=finished.touched, encoder=encoder)
    return {"before": base, "patch": change.operations, "after": change.new_document}


def run(command: list[str], directory: Path) -> str:
    """Run a command and return what it printed."""
    environment = {**os.environ, "NODE_NO_WARNINGS": "1"}
    result = subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout.strip()
