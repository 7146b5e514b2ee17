"""
Records in a zone that somebody else publishes.

Where a domain's owner has led the names of our keys to a zone of ours, by CNAME records that are
published once, that zone is all that we have to publish. The rest is left to the owner.
"""

from collections.abc import Iterator

from ...mail.errors import MailError
from ...mail.records import MailRecord
from ...mail.settings import dkim_keys
from ...mail.settings.model import Fleet
from ..providers.provider import UnreachableError
from ..providers.zone_index import Atlas

OWNERS = "others"


def zone_of_record(atlas: Atlas, fleet: Fleet, record: MailRecord) -> str | None:
    """Return the zone of a record: OWNERS if its domain's owner publishes it; None if it can go."""
    try:
        return atlas.zone(record.name)
    except UnreachableError:
        raise
    except MailError:
        if any(f".{record.name}".endswith(f".{domain}") for domain in _leading(fleet)):
            return OWNERS
        raise


def _leading(fleet: Fleet) -> Iterator[str]:
    """Yield the domains whose zone leads the names of keys to a zone of ours."""
    for host in fleet.hosts:
        for domain in dkim_keys.signing_domains(host):
            if dkim_keys.cname_zone(host, domain):
                yield domain
