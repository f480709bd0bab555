"""Small records on disk, a private file for each: what other processes may add and take away.

It must not know what is in them.
"""

import logging
import os
import re
import secrets
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar

import msgspec
from jupyter_core.paths import secure_write

_ID: Final = re.compile("[0-9a-f]{32}")
_PRIVATE: Final = 0o700

_log = logging.getLogger("livestate_nb")


class _Named(Protocol):
    @property
    def id(self) -> str:
        """The name of the record, as `new_id` makes them."""


Record = TypeVar("Record", bound=_Named)


def new_id() -> str:
    """Return a name that no record has."""
    return secrets.token_hex(16)


class Records(Generic[Record]):
    """Keep the records of one kind in a directory that only its owner reads.

    A file is there as a whole or not at all, whoever looks meanwhile.

    Args:
        directory: where; it is made when the first record is kept.
        kind: a dataclass that has its JSON form by its annotations.
    """

    def __init__(self, directory: Path, kind: type[Record]) -> None:
        self._directory = directory
        self._kind = kind

    def keep(self, record: Record) -> None:
        """Write a record.

        Raises:
            OSError: the directory cannot be written (RuntimeError: nor be made private).
        """
        self._directory.parent.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        self._directory.mkdir(mode=_PRIVATE, exist_ok=True)
        for one in (self._directory.parent, self._directory):
            one.chmod(_PRIVATE)  # whoever made it
        new = self._directory / f".{record.id}.{secrets.token_hex(4)}"
        try:
            with secure_write(str(new), binary=True) as file:
                file.write(msgspec.json.encode(record))
            os.replace(new, self._path(record.id))
        finally:
            new.unlink(missing_ok=True)

    def find(self, name: str) -> Record | None:
        """Return a record; None where there is none, or none that can be read."""
        if not _ID.fullmatch(name):
            return None
        try:
            record = msgspec.json.decode(self._path(name).read_bytes(), type=self._kind)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            _log.error("%s cannot be read, and does not count: %s", self._path(name), error)
            return None
        return record if record.id == name else None

    def all(self) -> list[Record]:
        """Return all records that can be read."""
        found = (self.find(path.stem) for path in self._directory.glob("*.json"))
        return [record for record in found if record is not None]

    def drop(self, name: str) -> bool:
        """Remove a record; return whether it was there.

        Raises:
            OSError: it cannot be removed.
        """
        if not _ID.fullmatch(name):
            return False
        try:
            self._path(name).unlink()
        except FileNotFoundError:
            return False
        return True

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}.json"
