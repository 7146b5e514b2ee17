"""Certificates, TLSA keys and MTA-STS policies of a host."""
