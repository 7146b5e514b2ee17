"""Services on the host: stage, preflight, switch, load and probe."""
