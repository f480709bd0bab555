"""Patches made here, applied by the browser's own client (js/src/patch.ts, run by node)."""

import itertools
import json
import os
import shutil
import subprocess
from pathlib import Path
from random import Random
from typing import Any

import pytest

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


APPLY = """
import { readFileSync } from "node:fs";
import { applyPatch } from "./patch.mjs";

const [before, ...patches] = JSON.parse(readFileSync("input.json"));
console.log(JSON.stringify(patches.reduce(applyPatch, before)));
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with the client's patch.ts, built."""
    directory = tmp_path_factory.mktemp("client")
    esbuild = JS / "node_modules" / ".bin" / "esbuild"
    build = [str(esbuild), "src/patch.ts", "--bundle", "--format=esm", "--log-level=error"]
    run([*build, f"--outfile={directory / 'patch.mjs'}"], JS)
    (directory / "check.mjs").write_text(CHECK)
    (directory / "apply.mjs").write_text(APPLY)
    return directory


def applied(client: Path, before: Any, *patches: Any) -> str:
    """Return the JSON text of what a document is in the browser after some patches."""
    (client / "input.json").write_bytes(dumps([before, *patches]))
    return run([shutil.which("node") or "node", "apply.mjs"], client)


def test_integers_beyond_2_to_53_are_sent_exactly_and_rounded_by_the_browser(client: Path) -> None:
    old, new = {"n": 2**53, "note": "x" * 40}, {"n": 2**53 + 1, "note": "x" * 40}
    patch = Change(old, new, encoder=DocumentEncoder()).operations
    assert dumps(patch) == b'[{"op":"replace","path":"/n","value":9007199254740993}]'
    assert applied(client, {"n": 1}, patch) == '{"n":9007199254740992}'


def test_keys_like_digits_that_the_browser_puts_first_get_the_same_documents(client: Path) -> None:
    note = "x" * 300
    states = [
        {"b": [note], "10": 1, "2": {"z": 1, "1": note}, "01": 3, "end": note},
        {"2": {"1": note, "0": 5, "z": 2}, "b": [note], "01": 3, "end": note},
        {"01": 4, "b": [note, "10"], "0": {"1": note, "0": 5, "z": 3}, "10": 2, "end": note},
    ]
    patches = [
        Change(old, new, encoder=DocumentEncoder()).operations
        for old, new in itertools.pairwise(states)
    ]
    assert all(operation["path"] for patch in patches for operation in patch)
    assert json.loads(applied(client, states[0])) == states[0]
    assert list(json.loads(applied(client, states[0]))) == ["2", "10", "b", "01", "end"]
    assert json.loads(applied(client, states[0], patches[0])) == states[1]
    assert json.loads(applied(client, states[0], *patches)) == states[2]


def test_the_browsers_client_gets_the_same_documents(client: Path) -> None:
    for first in range(0, CASES, BATCH):
        seeds = range(first, min(first + BATCH, CASES))
        # as a module: JSON.parse of node 24.19 (V8 13.6) at times takes one escaped key for another
        cases = dumps([case(seed) for seed in seeds])
        (client / "cases.mjs").write_bytes(b"export default " + cases + b";\n")
        passed = run([shutil.which("node") or "node", "check.mjs"], client)
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
