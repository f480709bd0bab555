"""Measurements: `make bench` runs them and prints the tables of docs/performance.md."""
