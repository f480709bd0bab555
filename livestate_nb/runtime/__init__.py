"""The runtime: one endpoint, its connections and sessions, and the channels they run."""

from livestate_nb.runtime.connection import Connection, Transport
from livestate_nb.runtime.endpoint import Endpoint
from livestate_nb.runtime.handle import SessionHandle
from livestate_nb.runtime.loop import Loop
from livestate_nb.runtime.main_thread import MainThread
from livestate_nb.runtime.session import Session

__all__ = ["Connection", "Endpoint", "Loop", "MainThread", "Session", "SessionHandle", "Transport"]
