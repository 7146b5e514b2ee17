"""Commands and processes of the host."""
