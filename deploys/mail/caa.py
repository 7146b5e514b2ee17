"""CAA: which authorities may issue certificates for a name (RFC 8659).

Each record of the set is a property: `0 issue "letsencrypt.org"` lets that authority in, and those
beside it let in others; `0 issue ";"` alone lets in nobody. A parameter narrows it to one account
at the authority, `accounturi=https://...` (RFC 8657): then whoever could answer the authority's
challenge for the name, for instance on a network between, still gets no certificate. The nearest
set at the name or above it counts, so one at a host's name replaces what the domain says.
"""

from dataclasses import dataclass

import dns.exception
import dns.rdata
from dns.rdtypes.ANY.CAA import CAA

LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
ISSUERS = {LETS_ENCRYPT: "letsencrypt.org"}
# By what their certificates say of who issued them, as each of them documents it.
ORGANIZATIONS = {
    "Let's Encrypt": "letsencrypt.org",
    "Google Trust Services": "pki.goog",
    "DigiCert Inc": "digicert.com",
    "Sectigo Limited": "sectigo.com",
    "ZeroSSL": "sectigo.com",
    "GlobalSign nv-sa": "globalsign.com",
    "Buypass AS-983163327": "buypass.com",
    "Actalis S.p.A.": "actalis.it",
    "SSL Corporation": "ssl.com",
}


@dataclass(frozen=True)
class Issue:
    """A property that lets an authority issue; with no name it lets nobody."""

    issuer: str
    parameters: tuple[str, ...] = ()

    @classmethod
    def of(cls, issuer: str, account: str = "") -> "Issue":
        """Return the property for an authority and, where it is known, one account there."""
        return cls(issuer, (f"accounturi={account}",) if account else ())

    @classmethod
    def parse(cls, text: str) -> "Issue | None":
        """Read a value as in a zone file; None of another property."""
        try:
            rdata = dns.rdata.from_text("IN", "CAA", text)
        except dns.exception.SyntaxError:  # a tag that RFC 8659 does not know
            return None
        if not isinstance(rdata, CAA) or rdata.tag.lower() != b"issue":
            return None
        value = rdata.value.decode(errors="replace")
        issuer, *parameters = (part.strip() for part in value.split(";"))
        return cls(issuer.lower(), tuple(parameter for parameter in parameters if parameter))

    def __str__(self) -> str:
        return f'0 issue "{"; ".join((self.issuer, *self.parameters)) or ";"}"'

    def permits(self, other: "Issue") -> bool:
        """Tell whether this lets in whoever the other does."""
        return self.issuer == other.issuer and self.parameters in ((), other.parameters)
