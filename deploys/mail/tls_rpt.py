"""TLS-RPT: who hears of mail that could not be sent to a domain over TLS (RFC 8460).

The TXT record at `_smtp._tls.<domain>` says where senders shall report, once a day, how often TLS
to the domain's hosts failed and why: `v=TLSRPTv1; rua=mailto:tls@example.org`. With MTA-STS and
DANE a broken certificate keeps mail away, and these reports are how one learns of it. A domain has
one such policy; several addresses in it all get the reports.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from .errors import MailError
from .tags import is_version, tags, written

VERSION = "TLSRPTv1"


def is_policy(text: str) -> bool:
    """Tell a TLS-RPT policy from other TXT records at its name."""
    return is_version(text, VERSION)


def record_name(domain: str) -> str:
    """Return where a domain's policy is published."""
    return f"_smtp._tls.{domain}"


@dataclass(frozen=True)
class TlsRpt:
    """A policy: its tags in their order."""

    tags: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, reports: Iterable[str]) -> "TlsRpt":
        """Return the policy that has reports sent to these URIs."""
        return cls((("v", VERSION), ("rua", ",".join(reports))))

    @classmethod
    def parse(cls, text: str) -> "TlsRpt":
        """Read a policy; raise MailError that names what no sender would understand."""
        policy = cls(tuple(tags(text, "TLS-RPT policy", VERSION).items()))
        if not policy.reports:
            raise MailError(
                f"the TLS-RPT policy {text!r} says nowhere to report: add 'rua=mailto:...'"
            )
        for uri in policy.reports:
            if not uri.lower().startswith(("mailto:", "https:")):
                raise MailError(
                    f"the TLS-RPT policy {text!r} has rua={uri}: write mailto:... or https://..."
                )
        return policy

    def __str__(self) -> str:
        return written(dict(self.tags))

    @property
    def reports(self) -> tuple[str, ...]:
        """Return the URIs that reports go to."""
        rua = dict(self.tags).get("rua", "")
        return tuple(uri.strip() for uri in rua.split(",") if uri.strip())

    def completed(self, asked: "TlsRpt") -> "TlsRpt":
        """Return the policy with the URIs asked for beside its own."""
        both = dict.fromkeys((*self.reports, *asked.reports))
        if len(both) == len(self.reports):
            return self
        return TlsRpt(tuple((dict(self.tags) | {"rua": ",".join(both)}).items()))
