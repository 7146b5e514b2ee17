"""
Lookups in the DNS that a host's plan depends on.

The controller makes them. Their results are passed beside the host's answer, never inside it.
"""

from collections.abc import Callable, Collection, Mapping

from ...mail.settings.model import MailSettings

# TXT records by name -> the names of the records that every authoritative server answers with.
RecordLookup = Callable[[MailSettings, Mapping[str, str]], Collection[str]]
# Digests of TLS keys -> the TTL in seconds of their TLSA records if every authoritative server
# answers with each, else None.
TlsaLookup = Callable[[MailSettings, Collection[str]], int | None]


def no_lookup(settings: MailSettings, records: Mapping[str, str]) -> Collection[str]:  # noqa: ARG001 - a RecordLookup
    """Return no name: for plans that do not depend on the DNS."""
    return ()
