"""Virtual environment of a clone, made from its lock files."""
