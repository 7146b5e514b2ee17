"""Ownership: which record sets and values of a zone are ours, by its registry."""
