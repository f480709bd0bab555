"""What must hold for each session that the machine of the endpoint has, and how it is told.

It must not know clients.
"""

from collections import Counter
from typing import Any

from livestate_nb.runtime import Endpoint, Session
from tests.fuzz.channels import BROKEN, NEWS


def check_items(state: dict[str, Any], news: int) -> None:
    """Check that no event was handled twice, none that failed, and those of a client in order.

    Of what was published each came once, in order, from the first that came on.
    """
    items, heard = state["items"], state["heard"]
    assert twice(items) == twice(heard) == []
    assert not any(item.endswith(":fail") or item == "intruder" for item in items)
    for name in ("ann", "bob", "cat", "dan", "eve", "fay"):
        numbers = [
            int(item.split(":")[1])
            for item in items
            if item.startswith(f"{name}:") and not item.endswith("shout")
        ]
        assert numbers == sorted(numbers)
    assert {item for item in items if item.endswith(":spread")} <= set(heard)
    told = [int(item.split(":")[1]) for item in items if item.startswith(f"{NEWS}:")]
    assert told == list(range(told[0], news + 1)) if told else True


def twice(items: list[str]) -> list[str]:
    return [item for item, count in Counter(items).items() if count > 1]


def check_shape(session: Session, endpoint: Endpoint) -> None:
    """Check that a session has the newest class that it could have, and a state that fits."""
    kind, newest = type(session.channel), endpoint.channels[session.pattern]
    assert kind is newest or newest.shape == BROKEN
    shape = kind.shape
    assert shape in (0, session.ledger.state["shape"])


def by_ref(metas: dict[str, list[Any]]) -> dict[str, tuple[str, Any]]:
    return {meta["phx_ref"]: (key, meta) for key, some in metas.items() for meta in some}


def tokens_of(metas: dict[str, list[Any]]) -> dict[str, list[str]]:
    return {key: sorted(meta["token"] for meta in some) for key, some in metas.items()}
