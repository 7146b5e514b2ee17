"""Ownership of records: the registry in the zone, and what it says is ours."""
