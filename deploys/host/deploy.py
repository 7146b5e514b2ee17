"""A host of mail as three sentences, whether it receives or only sends."""

from pyinfra.api.deploy import deploy

from ..mail.settings.model import HostSettings
from .model.lookup import RecordLookup, TlsaLookup
from .operations import host_certified, host_configured, host_prepared


@deploy("Mail host")
def mail_host(settings: HostSettings, seen: RecordLookup, everywhere: TlsaLookup) -> None:
    """Prepare, certify and configure one mail host or client, without touching any zone."""
    host_prepared(name="Packages, keys and certificates are there", settings=settings)
    activated(settings, seen=seen, everywhere=everywhere)


def activated(settings: HostSettings, seen: RecordLookup, everywhere: TlsaLookup) -> None:
    """Have certificates issued, for which the zone has to know the host, and serve."""
    name = "Certify: certificates are issued"
    host_certified(name=name, settings=settings, everywhere=everywhere)
    host_configured(name="Activate: configuration is loaded", settings=settings, seen=seen)
