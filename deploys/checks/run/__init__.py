"""One run of the checks: which, in what order, and against which hosts."""
