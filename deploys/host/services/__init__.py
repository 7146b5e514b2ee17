"""Services of a host, one module each."""
