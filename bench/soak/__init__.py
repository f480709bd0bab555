"""The soak: a real Jupyter server under 1,000 clients for minutes (docs/reliability.md)."""
