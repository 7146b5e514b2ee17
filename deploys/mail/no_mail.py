"""Names that never send nor receive mail, and say so.

Mail that claims to be from such a name is a forgery, all of it. A null MX says that it takes none
(RFC 7505), an SPF policy that nobody may send (`v=spf1 -all`), an empty key for every selector that
no signature is good (RFC 6376 section 3.6.1), and DMARC asks to refuse the rest.
"""

from collections.abc import Iterator

from .dmarc import Dmarc
from .spf import Spf

NULL_MX = "0 ."
REVOKED = "v=DKIM1; p="


def silent(name: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield the name, type, value and reason of every record of a name that is silent."""
    yield name, "MX", NULL_MX, f"{name} receives no mail"
    yield name, "TXT", str(Spf(("-all",))), f"SPF: nobody sends mail of {name}"
    yield f"*._domainkey.{name}", "TXT", REVOKED, f"DKIM: no signature of {name} is good"
    yield f"_dmarc.{name}", "TXT", str(Dmarc.of("reject")), f"DMARC: all mail of {name} is forged"
