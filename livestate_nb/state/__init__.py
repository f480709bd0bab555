"""State: drafts that handlers mutate, documents that clients hold, and the patches between.

Pure Python without IO, clock or event loop; what users need of it stands here. It must not know
channels, sessions or transports.
"""

from livestate_nb.state.draft import original
from livestate_nb.state.encoder import encode, register

__all__ = ["encode", "original", "register"]
