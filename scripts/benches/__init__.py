"""Benches: repeatable measurements, each beside its alternatives in the same run."""
