"""Propagation: published records, on every server and out of every cache."""
