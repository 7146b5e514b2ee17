"""DKIM keys of a host: their files, their use for signing, and their rotation."""
