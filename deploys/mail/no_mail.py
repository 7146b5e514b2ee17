"""Records of a name that never sends and never receives mail.

All mail from such a name is forged. A null MX refuses mail for it (RFC 7505). An SPF policy permits
no sender (`v=spf1 -all`), an empty key revokes every selector (RFC 6376 section 3.6.1), and the
DMARC policy is reject.
"""

from collections.abc import Iterator

from .dmarc import Dmarc
from .spf import Spf

NULL_MX = "0 ."
REVOKED = "v=DKIM1; p="


def silent(name: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield the name, type, value and reason of every record."""
    yield name, "MX", NULL_MX, f"{name} receives no mail"
    yield name, "TXT", str(Spf(("-all",))), f"SPF: no server sends mail of {name}"
    yield f"*._domainkey.{name}", "TXT", REVOKED, f"DKIM: {name} has no valid key"
    yield f"_dmarc.{name}", "TXT", str(Dmarc.of("reject")), f"DMARC: all mail of {name} is forged"
