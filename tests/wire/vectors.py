"""The recorded frames of the original server: see `source` in transcripts.json."""

import json
from dataclasses import dataclass
from pathlib import Path

_RECORDED = json.loads((Path(__file__).parent / "transcripts.json").read_text("utf-8"))


@dataclass(frozen=True)
class Line:
    """One frame: of which client (A or B), from it or to it, and its text."""

    client: str
    is_from_client: bool
    frame: str


TRANSCRIPTS: dict[str, list[Line]] = {
    section["name"]: [Line(client, way == "C", frame) for client, way, frame in section["lines"]]
    for section in _RECORDED["transcripts"]
}

OF_SOCKETS = ["Ping frame", "Client close frame 1000"]
"""Transcripts of frames that never reach a channel."""

DIFFS: list[tuple[str, object, object]] = [
    (row["name"], row["old"], row["new"]) for row in _RECORDED["diffs"]
]
