"""
Web site of a domain: its MTA-STS policy and its autoconfiguration documents.

Its names are `mta-sts.<domain>` (RFC 8461 section 3.3), `autoconfig.<domain>` and
`autodiscover.<domain>`; each has a certificate, and answers to a few paths only.
"""

from dataclasses import dataclass, replace

from ..mta_sts import Mode, Policy, policy_host


@dataclass(frozen=True)
class Site:
    """The site of one domain; without a mode it has no policy, not even `none`."""

    domain: str
    mode: Mode | None
    autoconfig: bool
    mx: tuple[str, ...]  # the hosts that receive the domain's mail
    submission: tuple[str, ...]  # the hosts that its accounts send through

    @property
    def policy_name(self) -> str:
        """Return the host name of the policy."""
        return policy_host(self.domain)

    @property
    def thunderbird_name(self) -> str:
        """Return the host name of Thunderbird's document."""
        return f"autoconfig.{self.domain}"

    @property
    def outlook_name(self) -> str:
        """Return the host name of Outlook's document."""
        return f"autodiscover.{self.domain}"

    @property
    def names(self) -> tuple[str, ...]:
        """Return every host name of the site."""
        return (
            *((self.policy_name,) if self.mode else ()),
            *((self.thunderbird_name, self.outlook_name) if self.autoconfig else ()),
        )

    @property
    def wanted(self) -> bool:
        """Tell whether the inventory asks for a site, apart from an earlier policy."""
        return self.autoconfig or self.mode not in (None, "none")

    def required(self, *, served: bool) -> "Site":
        """Return the site to serve: the mode `none` only where a policy was served before."""
        return self if served or self.mode != "none" else replace(self, mode=None)

    def policy(self, mode: Mode) -> Policy:
        """Return the domain's policy in a mode."""
        return Policy.of(mode, self.mx)
