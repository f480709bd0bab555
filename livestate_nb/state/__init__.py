"""State: drafts that handlers mutate, documents that clients hold, and the patches between.

Pure Python without IO, clock or event loop. It must not know channels, sessions or transports.
"""
