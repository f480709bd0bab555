"""Worker threads at the end of the interpreter, where new ones may be forbidden."""

import subprocess
import sys

LAST = """
import atexit
from livestate_nb.runtime.threads import Workers

def last():
    print(workers.submit(pow, 2, 5).result(), workers.submit(pow, 2, 6).result())

workers = Workers(2)
atexit.register(last)
"""


def test_what_is_submitted_when_the_interpreter_ends_is_run() -> None:
    command = [sys.executable, "-c", LAST]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("32 64\n", "")
