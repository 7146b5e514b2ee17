"""DKIM keys of a host: where they are, which of them sign, and their rotation."""
