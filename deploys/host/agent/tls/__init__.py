"""Certificates and TLS keys on the host."""
