"""
Which policy of MTA-STS a host serves for each of its domains: the ladder (RFC 8461).

`testing` comes before `enforce`. A domain that is to enforce goes there once the evidence is here:
its policy in testing is announced by every name server, and this host shows an authority's
certificate. One that enforces goes on, whatever its hosts are then. `none` is served where there
was a policy before, because senders have kept that (section 8.3).
"""

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace

from ...mail.errors import MailError
from ...mail.mta_sts import Policy, record_name
from ...mail.settings.model import MailSettings
from ...mail.settings.site import Site
from ..dkim.signers import Seen
from ..model.state import Existing
from . import certificates

SERVICE = "nginx"
DIRECTORY = "/etc/nginx/pyinfra-mail"


def path(domain: str) -> str:
    """Return the file of a domain's policy."""
    return f"{DIRECTORY}/{domain}/mta-sts.txt"


def served(settings: MailSettings, existing: Existing) -> dict[str, Policy]:
    """Return the policies that a host serves now, by domain."""
    found = existing.services[SERVICE]
    files = {site.domain: found.files.get(path(site.domain)) for site in settings.sites}
    read = {
        domain: _read(file.content)
        for domain, file in files.items()
        if file and path(domain) in found.owned
    }
    return {domain: policy for domain, policy in read.items() if policy}


def standing(settings: MailSettings, existing: Existing) -> MailSettings:
    """Return the settings with the sites that a host has to serve, each in its proven mode."""
    now = served(settings, existing)
    sites = [_climbed(site, settings, existing, now.get(site.domain)) for site in settings.sites]
    return settings.model_copy(update={"sites": tuple(site for site in sites if site.names)})


def desired(settings: MailSettings) -> dict[str, Policy]:
    """Return the policies of standing sites, by domain."""
    return {site.domain: site.policy(site.mode) for site in settings.sites if site.mode}


def looked_for(settings: MailSettings, existing: Existing, seen: Seen) -> Existing:
    """Return what exists, together with the announcements that every name server answers with."""
    found = seen(settings, awaited(settings, existing))
    return existing.model_copy(update={"published": existing.published | {*found}})


def awaited(settings: MailSettings, existing: Existing) -> dict[str, str]:
    """Return the announcements that would be evidence, by the names of their records."""
    now = served(settings, existing)
    return {
        record_name(site.domain): _evidence(site, now.get(site.domain)).announcement
        for site in settings.sites
        if site.mode == "enforce" and not _enforces(now.get(site.domain))
    }


def held(settings: MailSettings, existing: Existing) -> Iterator[str]:
    """Yield a sentence for each domain that cannot enforce its policy yet."""
    own = {site.domain: site.mode for site in standing(settings, existing).sites}
    for site in settings.sites:
        if site.mode == "enforce" and own[site.domain] == "testing":
            yield (
                f"{site.domain}: its MTA-STS policy says 'testing' for now; a later run makes it "
                f"'enforce', once {_missing(site, settings, existing)}"
            )


def _climbed(site: Site, settings: MailSettings, existing: Existing, now: Policy | None) -> Site:
    able = {one.name for one in certificates.of_sites(settings)}
    stands = site.standing(served=now is not None and site.policy_name in able)
    if site.mode != "enforce" or _enforces(now):
        return stands
    seen = record_name(site.domain) in existing.published
    return stands if seen and _certified(settings, existing) else replace(stands, mode="testing")


def _enforces(policy: Policy | None) -> bool:
    return policy is not None and policy.mode == "enforce"


def _evidence(site: Site, now: Policy | None) -> Policy:
    """Return the policy that has to be announced; a host made anew finds the one of before."""
    return now if now and now.mode == "testing" else site.policy("enforce")


def _certified(settings: MailSettings, existing: Existing) -> bool:
    found = existing.certificates[certificates.path(settings.hostname)]
    return bool(found and found.covered and not found.self_signed)


def _missing(site: Site, settings: MailSettings, existing: Existing) -> str:
    if not _certified(settings, existing):
        return f"an authority has issued the certificate of {settings.hostname}"
    text = site.policy("testing").announcement
    return f'every name server has announced it: {record_name(site.domain)}. TXT "{text}"'


def _read(content: str) -> Policy | None:
    try:
        return Policy.parse(b64decode(content).decode("utf-8", "replace"))
    except MailError:
        return None  # somebody has edited it, and this run puts it right
