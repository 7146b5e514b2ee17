"""Records of a domain and its host: complete, and with one record set that is wrong."""

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from deploys.checks.core.finding import Finding
from deploys.checks.core.world import World
from deploys.checks.dns import address, dmarc, keys, mx, spf, tlsa
from deploys.mail import srv
from deploys.mail.settings.model import Fleet
from tests.checks.cases.dns_zone import whole
from tests.checks.cases.pair import Case, Pair
from tests.checks.smtp_servers import Handler, certified, serving
from tests.checks.worlds import KEYS, Zone, fleet, world

Asker = Callable[[Fleet, World], Iterable[Finding]]

RECORDS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("harbor.example", "MX"): ("10 mx1.harbor.example.",),
    ("harbor.example", "TXT"): ("v=spf1 mx ip4:203.0.113.11 -all",),
    ("_mta-sts.harbor.example", "TXT"): (),
    ("_smtp._tls.harbor.example", "TXT"): (),
    **{(f"_{name}._tcp.harbor.example", "SRV"): () for name in srv.LOOKED_UP},
    ("_dmarc.harbor.example", "TXT"): ("v=DMARC1; p=none",),
    ("mx1.harbor.example", "A"): ("127.0.0.1",),
    ("mx1.harbor.example", "AAAA"): (),
    ("mx1.harbor.example", "TXT"): ("v=spf1 a -all",),
    ("1.0.0.127.in-addr.arpa", "PTR"): ("mx1.harbor.example.",),
    ("_25._tcp.mx1.harbor.example", "TLSA"): (),
} | {
    (f"mx1-{algorithm}._domainkey.{domain}", "TXT"): (f"v=DKIM1; k={algorithm}; p={key}",)
    for algorithm, key in KEYS.items()
    for domain in ("harbor.example", "mx1.harbor.example")
}


def zone(changed: Mapping[tuple[str, str], tuple[str, ...]] | None = None) -> Zone:
    return whole({**RECORDS, **(changed or {})})


def published(
    asker: Asker, name: str = "", rdtype: str = "TXT", values: tuple[str, ...] = ()
) -> Case:
    """Ask a zone in which one name has other values than it should."""
    changed = {(name, rdtype): values} if name else {}
    return lambda folder: asker(fleet(), replace(world(folder), names=zone(changed)))


def in_zone(asker: Asker, name: str, rdtype: str, *values: str) -> Pair:
    """Return a zone as it should be, and one in which a name has these values."""
    return Pair(published(asker), published(asker, name, rdtype, values))


def keyed(*, named: bool) -> Case:
    """Ask a server whose key the zone names, or does not."""

    def case(folder: Path) -> Iterable[Finding]:
        context = certified(folder)
        shown = x509.load_pem_x509_certificate((folder / "mx1.pem").read_bytes()).public_key()
        form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        digest = hashlib.sha256(shown.public_bytes(*form) if named else b"another").hexdigest()
        records = {("_25._tcp.mx1.harbor.example", "TLSA"): (f"3 1 1 {digest}",)}
        with serving(Handler(), context) as port:
            here = replace(world(folder, port=port), names=zone(records))
            return list(tlsa.keys(fleet(), here))

    return case


ANOTHER_KEY = f"v=DKIM1; k=ed25519; p={base64.b64encode(bytes(31) + b'x').decode()}"
CASES: Mapping[str, Pair] = {
    "dns.mx": in_zone(mx.exchanges, "harbor.example", "MX", "10 old.example."),
    "dns.address": in_zone(address.addresses, "mx1.harbor.example", "A", "192.0.2.99"),
    "dns.spf": in_zone(spf.policies, "harbor.example", "TXT", "v=spf1 -all", "v=spf1 mx -all"),
    "dns.dmarc": in_zone(dmarc.policies, "_dmarc.harbor.example", "TXT"),
    "dns.dkim": Pair(
        published(keys.records),
        published(keys.records, "mx1-ed25519._domainkey.harbor.example", "TXT", (ANOTHER_KEY,)),
    ),
    "dns.tlsa": Pair(keyed(named=True), keyed(named=False)),
}
