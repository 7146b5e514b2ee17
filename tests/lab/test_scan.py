"""What the scanners find on every port that speaks TLS: sslyze, and openssl in its place."""

import smtplib
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from deploys.checks.clients import openssl
from deploys.checks.clients.endpoint import Endpoint
from deploys.checks.smtp import openssl_scan, sslyze_scan
from deploys.checks.smtp.key_exchange import agreed_group
from deploys.checks.smtp.tls_scan import OLD, ScannedServer, TlsScan
from deploys.mail.ciphers import Grade, grade
from tests.checks.worlds import world
from tests.lab.labs import Raised
from tests.lab.runs import LAB, MAIL_HOSTS, deployed, restored
from tests.lab.tls import HOSTNAMES

PORTS = (25, 465, 587)
PROGRAMS = ("sslyze", "openssl")
Results = dict[tuple[str, str, int], TlsScan]


def scanned(folder: Path, *ports: int) -> Results:
    """Return what each program found on ports of both hosts."""
    servers = {(name, port): _server(name, port) for name in MAIL_HOSTS for port in ports}
    asked = tuple(servers.values())
    found = {
        "sslyze": sslyze_scan.scanned(sslyze_scan.program(), asked, 300),
        "openssl": openssl_scan.scanned(asked, world(folder, timeout=60)),
    }
    return {
        (program, *place): found[program][server]
        for program in PROGRAMS
        for place, server in servers.items()
    }


def _server(name: str, port: int) -> ScannedServer:
    return ScannedServer(HOSTNAMES[name], LAB.address(name), port, wrapped=port == 465)


def grades(scan: TlsScan, version: str) -> set[Grade]:
    return {grade(suite) for suite in scan.suites[version]}


def signs(name: str, port: int, algorithm: str) -> bool:
    """Return whether a port signs the key exchange of TLS 1.2 in that way."""
    endpoint = Endpoint(name, LAB.address(name), port, wrapped=port == 465)
    offer = ("-tls1_2", "-sigalgs", f"ECDSA+{algorithm}:RSA+{algorithm}")
    shown = openssl.shown(endpoint, HOSTNAMES[name], 60, *offer)
    assert shown is not None
    return bool(shown)


def key_of(name: str, kind: str) -> object:
    """Return the key of the certificate that a host shows with one kind of cipher suite."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(kind)
    with smtplib.SMTP(LAB.address(name), 25, timeout=60) as client:
        client.starttls(context=context)
        assert isinstance(client.sock, ssl.SSLSocket)
        shown = client.sock.getpeercert(binary_form=True)
    return x509.load_der_x509_certificate(shown or b"").public_key()


@pytest.fixture(scope="module")
def strict(lab: Raised, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Scan hosts as they are by default."""
    assert lab
    deployed()
    return scanned(tmp_path_factory.mktemp("scan"), *PORTS)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("name", MAIL_HOSTS)
def test_only_current_protocols_and_good_ciphers_are_spoken(
    strict: Results, name: str, port: int, program: str
) -> None:
    found = strict[program, name, port]

    assert tuple(found.suites) == ("TLS 1.2", "TLS 1.3")
    assert grades(found, "TLS 1.2") | grades(found, "TLS 1.3") == {Grade.SUFFICIENT}


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("name", MAIL_HOSTS)
def test_no_known_weakness_is_found(strict: Results, name: str, port: int, program: str) -> None:
    found = strict[program, name, port]

    assert (found.weaknesses, tuple(found.unanswered), found.reason) == ((), (), "")


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("name", MAIL_HOSTS)
def test_keys_of_both_kinds_are_shown_and_are_long_enough(name: str) -> None:
    elliptic, older = key_of(name, "aECDSA"), key_of(name, "aRSA")

    assert isinstance(elliptic, ec.EllipticCurvePublicKey)
    assert isinstance(older, rsa.RSAPublicKey)
    assert (elliptic.key_size, older.key_size) == (256, 3072)


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("name", MAIL_HOSTS)
def test_a_key_exchange_is_signed_with_sha_256_and_not_with_less(name: str, port: int) -> None:
    signed = {algorithm: signs(name, port, algorithm) for algorithm in ("SHA256", "SHA224", "SHA1")}

    assert signed == {"SHA256": True, "SHA224": False, "SHA1": False}


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize(("name", "group"), [("mx1", "x25519"), ("mx2", "X25519MLKEM768")])
def test_new_clients_agree_a_hybrid_group_where_the_release_has_one(
    name: str, group: str, tmp_path: Path
) -> None:
    here = world(tmp_path, timeout=60)
    for port in (25, 587):
        endpoint = Endpoint(name, LAB.address(name), port)
        assert agreed_group(endpoint, HOSTNAMES[name], here) == group


@pytest.mark.usefixtures("strict")
def test_old_peers_are_served_on_port_25_alone_where_the_operator_wants_it(tmp_path: Path) -> None:
    deployed("--data", "mail_tls_profile=interoperable")
    found = scanned(tmp_path, 25, 587)
    old_signatures = {
        (name, port): signs(name, port, "SHA1") for name in MAIL_HOSTS for port in (25, 587)
    }
    restored()

    for program in PROGRAMS:
        for name in MAIL_HOSTS:
            open_to_all, submission = found[program, name, 25], found[program, name, 587]
            assert open_to_all.suites["TLS 1.0"]
            assert not {suite for suite in open_to_all.suites["TLS 1.2"] if "_anon_" in suite}
            assert not set(OLD) & set(submission.suites)
            assert grades(submission, "TLS 1.2") == {Grade.SUFFICIENT}
            assert (old_signatures[name, 25], old_signatures[name, 587]) == (True, False)
