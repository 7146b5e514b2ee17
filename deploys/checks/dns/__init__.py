"""Checks of DNS records, on every authoritative server at every address."""
