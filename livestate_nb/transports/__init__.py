"""Transports: they carry frames, and know neither channels nor states."""
