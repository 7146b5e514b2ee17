"""Deploy of a mail host or a null client: three operations."""

from pyinfra.api.deploy import deploy

from ..mail.settings.model import HostSettings, NullClient
from .model.lookup import RecordLookup, TlsaLookup
from .operations import host_certified, host_configured, host_prepared

PREPARE = "Prepare: packages, keys and certificates"


def mail_host(settings: HostSettings, txt: RecordLookup, tlsa: TlsaLookup) -> None:
    """Prepare, certify and configure one mail host or null client; no zone changes."""
    title = "Null client" if isinstance(settings, NullClient) else "Mail host"
    deploy(title)(_steps)(settings=settings, txt=txt, tlsa=tlsa)


def _steps(settings: HostSettings, txt: RecordLookup, tlsa: TlsaLookup) -> None:
    host_prepared(name=PREPARE, settings=settings)
    activated(settings, txt=txt, tlsa=tlsa)


def activated(settings: HostSettings, txt: RecordLookup, tlsa: TlsaLookup) -> None:
    """Issue certificates, for which the zone must have the host's address, and configure."""
    host_certified(name="Certify: issue certificates", settings=settings, txt=txt, tlsa=tlsa)
    host_configured(name="Activate: load the configuration", settings=settings, txt=txt)
