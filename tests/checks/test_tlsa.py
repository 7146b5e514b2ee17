"""TLSA records against the keys of servers."""

import hashlib
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from deploys.checks.clients.endpoint import Endpoint
from deploys.checks.core.finding import Finding, Severity
from deploys.checks.core.world import Answer, World
from deploys.checks.dns import tlsa
from tests.checks.smtp_servers import Handler, certified, serving
from tests.checks.worlds import Pages, Zone, fleet

OK, INFO, ERROR, UNKNOWN = Severity.OK, Severity.INFO, Severity.ERROR, Severity.UNKNOWN
ONE, TWO, THREE = (f"{number}a" * 32 for number in range(3))
HERE, THERE = Endpoint("mx1", "192.0.2.1"), Endpoint("mx1", "2001:db8::1")


@pytest.mark.parametrize(
    ("values", "severity"),
    [
        ([f"3 1 1 {ONE}", f"3 1 1 {TWO}"], OK),
        ([f"3 1 1 {ONE.upper()}", f"3 1 1 {TWO}", f"3 1 1 {THREE}"], OK),
        ([f"3 1 1 {ONE}"], ERROR),  # the key at the other address
        ([f"3 1 1 {THREE}"], ERROR),
        ([f"3 0 1 {ONE}", f"3 0 1 {TWO}"], ERROR),  # digests of whole certificates
        ([f"2 1 1 {ONE}"], INFO),
        ([], INFO),
    ],
)
def test_every_key_in_use_has_to_be_in_a_record(values: list[str], severity: Severity) -> None:
    keys = {HERE: frozenset({ONE}), THERE: frozenset({ONE, TWO})}

    finding = tlsa.finding("mx1", keys, Answer("ns", tuple(values)))

    assert finding.severity is severity
    assert finding.fix or severity is OK


def asked(context: ssl.SSLContext | None, *digests: str) -> list[Finding]:
    values = tuple(f"3 1 1 {digest}" for digest in digests)
    zone = Zone({("_25._tcp.mx1.harbor.example", "TLSA"): [Answer("ns", values)]})
    with serving(Handler(), context) as port:
        here = World(None, zone, Pages({}), timeout=5, port=port)  # type: ignore[arg-type]
        return list(tlsa.keys(fleet(), here))


def test_the_key_of_a_server_is_compared_with_the_tlsa_records(tmp_path: Path) -> None:
    context = certified(tmp_path)
    shown = x509.load_pem_x509_certificate((tmp_path / "mx1.pem").read_bytes()).public_key()
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    digest = hashlib.sha256(shown.public_bytes(*form)).hexdigest()

    (right,), (wrong,) = asked(context, digest), asked(context, ONE)

    assert right.severity is OK
    assert wrong.severity is ERROR
    assert digest in wrong.saw


def test_a_server_without_tls_leaves_the_check_unknown() -> None:
    (finding,) = asked(None, ONE)

    assert finding.severity is UNKNOWN


def test_without_mail_dane_nothing_is_checked() -> None:
    here = World(None, Zone({}), Pages({}))  # type: ignore[arg-type]

    assert list(tlsa.keys(fleet({"mail_dane": False}), here)) == []
