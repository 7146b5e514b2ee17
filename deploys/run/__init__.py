"""One run of pyinfra over a fleet: its state, and steps that happen once for all hosts."""
