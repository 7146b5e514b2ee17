"""Zones: the plan of each, its apply, and its propagation."""
