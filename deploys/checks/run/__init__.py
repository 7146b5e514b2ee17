"""One run of the checks: catalogue, selection, order and hosts."""
