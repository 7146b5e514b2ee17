"""
MTA-STS policies that a host serves for its domains (RFC 8461), and the changes of their modes.

`testing` comes before `enforce`. A policy is enforced once there is evidence: every authoritative
server announces it in testing, and this host has a certificate of a CA. A domain that enforces
already continues. A policy that follows TLS reports needs these too, and may go back to testing.
`none` is served after an earlier policy, because senders have kept that (section
8.3).
"""

from base64 import b64decode
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ...mail import paths
from ...mail.errors import MailError
from ...mail.mta_sts import Policy, record_name
from ...mail.mta_sts_steps import TlsEvidence
from ...mail.report_store import day_of
from ...mail.settings.model import MailSettings
from ...mail.settings.site import Site
from ..model.lookup import RecordLookup
from ..model.state import Existing
from . import certificates

SERVICE = "nginx"


@dataclass(frozen=True)
class PolicyState:
    """
    Policies of a host in one run.

    `served` are the policies that it serves now, by domain, `sites` the web sites that it must
    serve, each in the mode that the evidence allows, and `waiting` a sentence for each domain that
    cannot enforce its policy yet.
    """

    served: Mapping[str, Policy] = field(default_factory=dict)
    sites: tuple[Site, ...] = ()
    waiting: tuple[str, ...] = ()

    @property
    def desired(self) -> dict[str, Policy]:
        """Return the policies that the host must serve, by domain."""
        return {site.domain: site.policy(site.mode) for site in self.sites if site.mode}


@dataclass(frozen=True)
class _Evidence:
    """
    Evidence for `enforce`: the policies served now, their announcements, and the certificate.

    `names` are the names of web sites that can have a certificate, `reports` is what TLS reports
    say of each domain.
    """

    settings: MailSettings
    served: Mapping[str, Policy]
    announced: Collection[str]
    certified: bool
    names: Collection[str]
    reports: Mapping[str, TlsEvidence]

    def site(self, site: Site) -> Site:
        """Return a site in the mode that the evidence allows."""
        now = self.served.get(site.domain)
        required = site.required(served=now is not None and site.policy_name in self.names)
        if site.mode != "enforce":
            return required
        if self._has_enforced(site):
            return replace(required, mode="testing") if self.harm(site) else required
        proven = self._is_announced(site) and self.certified and not self._lacking(site)
        return required if proven else replace(required, mode="testing")

    def harm(self, site: Site) -> str:
        """Return why a policy that follows reports goes back, or ""."""
        return self.reports[site.domain].harm if site.follows else ""

    def _lacking(self, site: Site) -> str:
        return self.reports[site.domain].lacking if site.follows else ""

    def _is_announced(self, site: Site) -> bool:
        return record_name(site.domain) in self.announced

    def _has_enforced(self, site: Site) -> bool:
        """Tell whether the policy is enforced now, by this host or its predecessor."""
        now = self.served.get(site.domain)
        anew = now is None and site.follows and self.certified and self._is_announced(site)
        return _enforces(now) or anew

    def missing(self, site: Site) -> str:
        """Return the evidence that a domain lacks, as the end of a sentence."""
        if not self.certified:
            return f"a CA has issued the certificate of {self.settings.hostname}"
        if self._is_announced(site):
            return self._lacking(site)
        text = site.policy("testing").announcement
        return f'every name server answers with {record_name(site.domain)}. TXT "{text}"'


def policy_state(settings: MailSettings, existing: Existing, lookup: RecordLookup) -> PolicyState:
    """Return the state of a host's policies, with the announcements that the controller sees."""
    served = _served(settings, existing)
    announced = lookup(settings, _announcements(settings, served))
    names = {certificate.name for certificate in certificates.of_sites(settings)}
    certified, reports = _certified(settings, existing), _reports(settings, existing)
    evidence = _Evidence(settings, served, announced, certified, names, reports)
    sites = tuple(evidence.site(site) for site in settings.sites)
    return PolicyState(
        served, tuple(site for site in sites if site.names), tuple(_waiting(evidence))
    )


def _reports(settings: MailSettings, existing: Existing) -> dict[str, TlsEvidence]:
    """Return what the TLS reports that the host has read say of each domain with a site."""
    today = day_of(existing.clock)
    needed = settings.auto_days, settings.auto_messages
    return {
        site.domain: TlsEvidence(
            today,
            *needed,
            tuple(one for one in existing.reports.tls if one.domain == site.domain),
        )
        for site in settings.sites
    }


def _served(settings: MailSettings, existing: Existing) -> dict[str, Policy]:
    found = existing.services[SERVICE]
    files = {
        site.domain: found.files.get(paths.mta_sts_policy(site.domain)) for site in settings.sites
    }
    read = {
        domain: _read(file.content)
        for domain, file in files.items()
        if file and paths.mta_sts_policy(domain) in found.owned
    }
    return {domain: policy for domain, policy in read.items() if policy}


def _announcements(settings: MailSettings, served: Mapping[str, Policy]) -> dict[str, str]:
    """Return the announcements that would be evidence, by the names of their records."""
    return {
        record_name(site.domain): _proof(site, served.get(site.domain)).announcement
        for site in settings.sites
        if site.mode == "enforce" and not _enforces(served.get(site.domain))
    }


def _waiting(evidence: _Evidence) -> Iterator[str]:
    for site in evidence.settings.sites:
        if site.mode == "enforce" and evidence.site(site).mode == "testing":
            if harm := evidence.harm(site):
                yield (
                    f"{site.domain}: the MTA-STS policy is in mode testing: {harm}; see the check "
                    "reports.tls"
                )
                continue
            yield (
                f"{site.domain}: the MTA-STS policy stays in mode testing; a later run sets "
                f"enforce when {evidence.missing(site)}"
            )


def _enforces(policy: Policy | None) -> bool:
    return policy is not None and policy.mode == "enforce"


def _proof(site: Site, now: Policy | None) -> Policy:
    """Return the policy that must be announced; for a new host it is that of its predecessor."""
    return now if now and now.mode == "testing" else site.policy("enforce")


def _certified(settings: MailSettings, existing: Existing) -> bool:
    found = existing.certificates[paths.certificate(settings.hostname)]
    return bool(found and found.covered and not found.self_signed)


def _read(content: str) -> Policy | None:
    try:
        return Policy.parse(b64decode(content).decode("utf-8", "replace"))
    except MailError:
        return None  # the file was edited; this run writes it again
