"""CAA records: the authorities that may issue certificates for a name (RFC 8659).

Each record of the set is a property: `0 issue "letsencrypt.org"` permits that authority, and
`0 issue ";"` alone permits none. A parameter limits it to one account at the authority,
`accounturi=https://...` (RFC 8657): then an attacker who can answer the authority's challenge still
gets no certificate. The nearest set at the name or above it counts, so a set at a host's name
replaces that of the domain.
"""

from dataclasses import dataclass

import dns.exception
import dns.rdata
from dns.rdtypes.ANY.CAA import CAA

LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
ISSUERS = {LETS_ENCRYPT: "letsencrypt.org"}
# By the organization in their certificates' issuer, as each authority documents it.
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
    """A property that permits an authority; without a name it permits none."""

    issuer: str
    parameters: tuple[str, ...] = ()

    @classmethod
    def of(cls, issuer: str, account: str = "") -> "Issue":
        """Return the property for an authority and, if it is known, one account there."""
        return cls(issuer, (f"accounturi={account}",) if account else ())

    @classmethod
    def parse(cls, text: str) -> "Issue | None":
        """Return a property from a value as in a zone file; None for one of another tag."""
        try:
            rdata = dns.rdata.from_text("IN", "CAA", text)
        except dns.exception.SyntaxError:  # a tag that RFC 8659 does not define
            return None
        if not isinstance(rdata, CAA) or rdata.tag.lower() != b"issue":
            return None
        value = rdata.value.decode(errors="replace")
        issuer, *parameters = (part.strip() for part in value.split(";"))
        return cls(issuer.lower(), tuple(parameter for parameter in parameters if parameter))

    def __str__(self) -> str:
        return f'0 issue "{"; ".join((self.issuer, *self.parameters)) or ";"}"'

    def permits(self, other: "Issue") -> bool:
        """Tell whether this property permits all that the other one does."""
        return self.issuer == other.issuer and self.parameters in ((), other.parameters)
