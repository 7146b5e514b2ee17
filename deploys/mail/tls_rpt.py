"""TLS-RPT policies: the addresses for reports of failed TLS (RFC 8460).

The TXT record at `_smtp._tls.<domain>` names the receivers of a daily report on failed TLS to the
domain's hosts: `v=TLSRPTv1; rua=mailto:tls@example.org`. With MTA-STS and DANE a broken certificate
stops mail, and these reports show it. A domain has one policy; each address in it gets the reports.
Senders of reports discard a record that does not begin with exactly `v=TLSRPTv1`, and a policy with
one error is none (section 3).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from .errors import MailError
from .report_uris import listed, mail_domain, web_host
from .tags import fields, is_field_version

VERSION = "TLSRPTv1"


def is_policy(text: str) -> bool:
    """Tell a TLS-RPT policy from other TXT records at its name."""
    return is_field_version(text, VERSION)


def record_name(domain: str) -> str:
    """Return the name of a domain's policy."""
    return f"_smtp._tls.{domain}"


@dataclass(frozen=True)
class TlsRpt:
    """A policy: its receivers, and its other fields in their order."""

    reports: tuple[str, ...]
    extensions: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, reports: Iterable[str]) -> "TlsRpt":
        """Return the policy with reports to these URIs."""
        return cls(tuple(reports))

    @classmethod
    def parse(cls, text: str) -> "TlsRpt":
        """Return a policy from its text; raise MailError with the part that is not valid."""
        found = fields(text, "TLS-RPT policy", VERSION, ("rua",))
        reports = tuple(uri for name, value in found if name == "rua" for uri in listed(value))
        if not reports:
            raise MailError(f"the TLS-RPT policy {text!r} names no receiver: add 'rua=mailto:...'")
        if wrong := [uri for uri in reports if not mail_domain(uri) and not web_host(uri)]:
            raise MailError(
                f"the TLS-RPT policy {text!r} has rua={', '.join(wrong)}: write mailto:... or "
                "https://... there, with a comma between two"
            )
        return cls(reports, tuple(field for field in found if field[0] != "rua"))

    def __str__(self) -> str:
        rest = (f"; {name}={value}" for name, value in self.extensions)
        return f"v={VERSION}; rua={','.join(self.reports)}{''.join(rest)}"

    def completed(self, desired: "TlsRpt") -> "TlsRpt":
        """Return the policy with the desired URIs after its own."""
        missing = tuple(uri for uri in desired.reports if uri not in self.reports)
        return TlsRpt((*self.reports, *missing), self.extensions)
