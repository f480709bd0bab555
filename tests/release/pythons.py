"""The Pythons of this machine that the wheel is for."""

import shutil
import subprocess
from pathlib import Path

VERSIONS = ("3.11", "3.12", "3.13", "3.14")


def pythons() -> dict[str, str]:
    """Return the interpreters by version, those of pyenv as well."""
    found = {version: _python(version) for version in VERSIONS}
    missing = [version for version, path in found.items() if path is None]
    if missing:
        print(f"not on this machine, so not tried: Python {', '.join(missing)}")
    return {version: path for version, path in found.items() if path is not None}


def _python(version: str) -> str | None:
    of_pyenv = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    candidates = [shutil.which(f"python{version}"), *map(str, of_pyenv)]
    return next((one for one in candidates if one and _runs(one, version)), None)


def _runs(python: str, version: str) -> bool:
    """Tell whether it is this Python: a shim of pyenv may be none."""
    done = subprocess.run([python, "--version"], capture_output=True, text=True, check=False)
    return done.stdout.startswith(f"Python {version}.")
