"""A zone's plan and its apply: what exists, what mail needs there, and what changes."""
