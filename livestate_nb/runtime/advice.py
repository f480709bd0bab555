"""Say what to do about errors that come of running on the wrong thread or loop.

It must not know who raised them or who is told.
"""

from typing import Final

ADVICE: Final = (
    'It belongs to the thread or loop of the notebook\'s cells: write @on("…", run_on="main"), or '
    'run_on="main" in the class statement for all callbacks. They wait for the running cell.'
)

_SIGNS: Final = (
    "created in a thread",  # sqlite3
    "different loop",  # asyncio's futures
    "different event loop",  # asyncio's locks and queues
    "main thread",  # signal, tkinter, GUI toolkits
)


def advise(error: BaseException) -> None:
    """Add a note that names ``run_on="main"`` to an error that it would have prevented."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - a user's __str__ may raise anything
        return
    if any(sign in text for sign in _SIGNS) and ADVICE not in getattr(error, "__notes__", ()):
        error.add_note(ADVICE)
