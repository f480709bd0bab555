"""The fuzzer that is led by coverage, for a bounded number of runs."""

import re
import subprocess
import sys
from pathlib import Path

from tests.fuzz.cases import IS_LONG, ran

RUNS = 2_000_000 if IS_LONG else 20_000
SEEDS = [
    b'\x00{"topic":"t:1","event":"phx_join","payload":{},"ref":0}',
    b'\x01["1","1","t:1","phx_join",{}]',
    b"\x01\x00\x01\x01\x03\x0811t:1phx_join{}",
    b"\x02\x00\x01\x03\x051t:1imagePNG",
    b'\x03d1:{"channels":["t:*"],"published":{"t:*":1.5},"elements":{"a-b":"t:*"}}',
    b'\x03x7:{"code":1011,"reason":"why"}',
    b"\x041.1.c2VjcmV0",
    b"\x05vsn=2.0.0&a[b]=1&a[c][]=2&l[]=x",
    b"\x05phoenix, base64url.bearer.phx.c2VjcmV0",
]


def test_no_bytes_that_reach_new_code_raise_what_is_not_declared(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(SEEDS):
        (corpus / str(number)).write_bytes(seed)
    seed = [] if IS_LONG else ["-seed=1"]
    command = [sys.executable, "-m", "tests.fuzz.guided", f"-runs={RUNS}", "-max_len=300", *seed]
    done = subprocess.run(
        [*command, f"-artifact_prefix={tmp_path}/", str(corpus)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found = re.search(r"Done (\d+) (?:runs )?in", done.stderr)
    assert found is not None, done.stderr[-1000:]
    assert int(found[1]) >= RUNS
    ran.cases += int(found[1])
