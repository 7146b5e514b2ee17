"""Certificates and TLS keys on the host; `pem` and `dane` also stand there as files."""
