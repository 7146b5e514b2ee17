"""Benches: measurements that anyone can repeat, each next to its alternatives in the same run."""
