"""
Web site of a domain: its MTA-STS policy and its autoconfiguration documents.

Its names are `mta-sts.<domain>` (RFC 8461 section 3.3), `autoconfig.<domain>` and
`autodiscover.<domain>`; each has a certificate, and answers to a few paths only. A host with a bulk
stream has a site of its own, `unsubscribe.<hostname>`.
"""

from dataclasses import dataclass, replace

from ..mta_sts import Mode, Policy, policy_host


def unsubscribe_name(hostname: str) -> str:
    """Return the name at which a host unsubscribes from its bulk mail."""
    return f"unsubscribe.{hostname}"


@dataclass(frozen=True)
class Site:
    """
    The site of one domain or host; without a mode it has no policy, not even `none`.

    With `follows` the mode `enforce` needs the evidence of TLS reports. With `one_click` it is that
    of a host, and unsubscribes from its bulk mail.
    """

    domain: str
    mode: Mode | None
    autoconfig: bool
    mx: tuple[str, ...]  # the hosts that receive the domain's mail
    submission: tuple[str, ...]  # the hosts that its accounts send through
    follows: bool = False
    one_click: bool = False
    mailboxes: tuple[str, ...] = ()  # the hosts that have its mailboxes
    pop3: tuple[str, ...] = ()  # those of them with POP3

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
    def unsubscribe_name(self) -> str:
        """Return the host name for unsubscribing."""
        return unsubscribe_name(self.domain)

    @property
    def names(self) -> tuple[str, ...]:
        """Return every host name of the site."""
        return (
            *((self.policy_name,) if self.mode else ()),
            *((self.thunderbird_name, self.outlook_name) if self.autoconfig else ()),
            *((self.unsubscribe_name,) if self.one_click else ()),
        )

    @property
    def wanted(self) -> bool:
        """Tell whether the inventory asks for a site, apart from an earlier policy."""
        return self.autoconfig or self.one_click or self.mode not in (None, "none")

    def required(self, *, served: bool) -> "Site":
        """Return the site to serve: the mode `none` only where a policy was served before."""
        return self if served or self.mode != "none" else replace(self, mode=None)

    def policy(self, mode: Mode) -> Policy:
        """Return the domain's policy in a mode."""
        return Policy.of(mode, self.mx)
