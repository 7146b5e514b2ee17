"""Zone for proofs to an ACME server, by DNS-01, that a host changes itself (RFC 8555, RFC 2136)."""

from typing import Literal

from pydantic import Field

from ..types import DomainName, Frozen, KeyName, SecretReference
from .addresses import HostAddress


class AcmeDns(Frozen):
    """
    Zone, its server for updates, and the TSIG key (RFC 8945) with which a host signs them.

    The names of the challenges are CNAMEs into the zone, so the key need not change another one.
    """

    zone: DomainName
    server: HostAddress
    key_name: KeyName
    key_secret: SecretReference
    key_algorithm: Literal["hmac-sha256", "hmac-sha384", "hmac-sha512"] = Field(
        default="hmac-sha256"
    )

    def proof_name(self, name: str) -> str:
        """Return the name in the zone at which a host proves that a name is its own."""
        return f"{name}.{self.zone}"
