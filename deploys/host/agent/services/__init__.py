"""Services on the host: staged, tested, switched, loaded and probed."""
