"""TLS-RPT policies: the addresses for reports of failed TLS (RFC 8460).

The TXT record at `_smtp._tls.<domain>` names the receivers of a daily report on failed TLS to the
domain's hosts: `v=TLSRPTv1; rua=mailto:tls@example.org`. With MTA-STS and DANE a broken certificate
stops mail, and these reports show it. A domain has one policy; each address in it gets the reports.
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
    """Return the name of a domain's policy."""
    return f"_smtp._tls.{domain}"


@dataclass(frozen=True)
class TlsRpt:
    """A policy: its tags in their order."""

    tags: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, reports: Iterable[str]) -> "TlsRpt":
        """Return the policy with reports to these URIs."""
        return cls((("v", VERSION), ("rua", ",".join(reports))))

    @classmethod
    def parse(cls, text: str) -> "TlsRpt":
        """Return a policy from its text; raise MailError with the part that is not valid."""
        policy = cls(tuple(tags(text, "TLS-RPT policy", VERSION).items()))
        if not policy.reports:
            raise MailError(f"the TLS-RPT policy {text!r} names no receiver: add 'rua=mailto:...'")
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
        """Return the URIs of the receivers."""
        rua = dict(self.tags).get("rua", "")
        return tuple(uri.strip() for uri in rua.split(",") if uri.strip())

    def completed(self, desired: "TlsRpt") -> "TlsRpt":
        """Return the policy with the desired URIs after its own."""
        both = dict.fromkeys((*self.reports, *desired.reports))
        if len(both) == len(self.reports):
            return self
        return TlsRpt(tuple((dict(self.tags) | {"rua": ",".join(both)}).items()))
