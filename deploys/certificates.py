"""Renewal of certificates by DNS-01, unattended: no other record or configuration changes."""

from deploys.api.certificates import certificates

certificates()
