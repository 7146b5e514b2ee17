"""Records of DNS-01 challenges (RFC 8555 section 8.4) that ACME orders of a host wait for."""

from ...mail import paths
from ...mail.records import ACME_CHALLENGE
from ...mail.settings.model import HostSettings, MailSettings
from ..model.lookup import RecordLookup
from ..model.state import Existing


def unproven(settings: HostSettings, existing: Existing, lookup: RecordLookup) -> dict[str, str]:
    """Return a sentence for each certificate, by its path, whose records are not visible yet."""
    if not isinstance(settings, MailSettings):
        return {}
    found = {}
    for name, values in existing.challenges.items():
        record = f"{ACME_CHALLENGE}.{name}"
        missing = [value for value in values if not lookup(settings, {record: value})]
        if missing:
            texts = " and ".join(f'{record}. TXT "{value}"' for value in missing)
            found[paths.certificate(name)] = (
                f"no certificate is issued for {name} yet: every name server must answer with "
                f"{texts}; a run within an hour goes on"
            )
    return found
