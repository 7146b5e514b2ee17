"""Consequences of the operator's own settings that no mail host should have by accident."""
