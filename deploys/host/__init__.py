"""A host's plan and its apply: existing, desired, changes."""
