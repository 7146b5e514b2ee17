"""
The small web site of a domain: its MTA-STS policy, and how mail programs are configured.

It has names of its own, `mta-sts.<domain>` (RFC 8461 section 3.3), `autoconfig.<domain>` and
`autodiscover.<domain>`, with a certificate each, and answers there to a few paths alone.
"""

from dataclasses import dataclass, replace

from ..mta_sts import Mode, Policy


@dataclass(frozen=True)
class Site:
    """What a domain's site shall say; without a mode there is no policy, not even `none`."""

    domain: str
    mode: Mode | None
    autoconfig: bool
    mx: tuple[str, ...]  # the hosts that receive the domain's mail
    submission: tuple[str, ...]  # the hosts that its accounts send through

    @property
    def policy_name(self) -> str:
        """Return the name at which the policy is found."""
        return f"mta-sts.{self.domain}"

    @property
    def names(self) -> tuple[str, ...]:
        """Return every name that the site has to answer at."""
        ours = (f"autoconfig.{self.domain}", f"autodiscover.{self.domain}")
        return (*((self.policy_name,) if self.mode else ()), *(ours if self.autoconfig else ()))

    @property
    def wanted(self) -> bool:
        """Return whether the inventory asks for it, whatever was served before."""
        return self.autoconfig or self.mode not in (None, "none")

    def standing(self, *, served: bool) -> "Site":
        """Return what there has to be: `none` is for a domain that had a policy before."""
        return self if served or self.mode != "none" else replace(self, mode=None)

    def policy(self, mode: Mode) -> Policy:
        """Return the domain's policy in a mode."""
        return Policy.of(mode, self.mx)
