"""TLS on both sides: who issues certificates, who may replace them, and what mail waits for."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from cryptography import x509

from deploys.lab import state
from deploys.lab.definition import PROOF_KEY, SECOND, UPDATED
from tests.host.pairs import EC, OTHER, key
from tests.host.pairs import certificate as pair
from tests.lab.labs import Raised
from tests.lab.runs import LAB, MAIL_HOSTS, UNPROVED, deployed, live_sets, on, pyinfra, refused
from tests.lab.tls import (
    HOSTNAMES,
    SERVED,
    both,
    certificate,
    delivery,
    issuer,
    put,
    records,
    session,
    shown,
)

PLAIN_PORT = 2525
ACME = (
    *("--data", "mail_tls=acme"),
    *("--data", "mail_dane=false"),
    *("--data", "mail_tls_outbound=" + json.dumps({f"[{LAB.address('peer')}]:2525": "encrypt"})),
    "--data",
    "mail_postfix_main="
    + json.dumps(
        {"transport_maps": f"inline:{{plain.example=smtp:[{LAB.address('peer')}]:{PLAIN_PORT}}}"}
    ),
)
BUNDLE = "REQUESTS_CA_BUNDLE=/usr/local/lib/pyinfra-mail/certificates/acme-ca.pem"
RENEW = f"{BUNDLE} certbot renew --force-renewal --quiet --no-random-sleep-on-renew"
FORGET = f"cd /etc && rm -rf letsencrypt/live letsencrypt/archive letsencrypt/renewal {SERVED}/*"
STOP, START = (f"systemctl {verb} postfix-mta-sts-resolver" for verb in ("stop", "start"))
FORGOTTEN = "rm -f /var/lib/mta-sts/cache.db*"
KEYS = "/root/certificates"
# An SMTP server that knows no TLS.
PLAIN = """
import socketserver
class Plain(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 plain.example ESMTP\\r\\n")
        for line in self.rfile:
            self.wfile.write(b"250 plain.example\\r\\n")
socketserver.ThreadingTCPServer(("", 2525), Plain).serve_forever()
"""
# The web server of a policy (RFC 8461 section 3.3).
POLICY = "version: STSv1\\nmode: enforce\\nmx: mail.faraway.example\\nmax_age: 86400\\n"
WEB = f"""
import http.server, ssl
class Policy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(b"{POLICY}")
server = http.server.ThreadingHTTPServer(("", 443), Policy)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/run/web.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


@pytest.fixture(scope="module")
def acme(lab: Raised) -> str:
    """Deploy the whole way with certificates of the lab's authority, and return the output."""
    lab.withdraw_keys(*MAIL_HOSTS)
    # The authority's server keeps accounts in memory: a new one knows nobody of before.
    both(lambda name: on(name, f"{FORGET}; rm -rf /etc/letsencrypt/accounts"))
    done = pyinfra("deploys/site.py", "-y", *UNPROVED, *ACME)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize("name", MAIL_HOSTS)
def test_an_authority_issues_a_certificate_for_each_kind_of_key(name: str) -> None:
    for rsa in (False, True):
        found = shown(name, rsa=rsa)

        assert "Pebble" in issuer(found)
        assert found.signature_hash_algorithm
        assert ("RSA" in type(found.public_key()).__name__) is rsa


@pytest.mark.usefixtures("acme")
def test_the_second_run_has_nothing_to_issue_and_nothing_to_change() -> None:
    assert deployed(*ACME).count("No changes") == 6


@pytest.mark.usefixtures("acme")
def test_the_account_that_gets_certificates_is_in_the_plan_of_the_zone() -> None:
    (file,) = on("mx1", "cat /etc/letsencrypt/accounts/*/dir/*/regr.json").splitlines()
    account = json.loads(file)["uri"]
    plan = pyinfra("deploys/site.py", "--dry", *ACME, "--data", "mail_caa=ca.nic.example").stdout

    assert f'CAA mx1.harbor.example 0 issue "ca.nic.example; accounturi={account}"' in plan


@pytest.mark.usefixtures("acme")
def test_a_renewal_is_served_at_once_with_the_same_key_and_no_session_is_dropped() -> None:
    sessions = {name: session(name) for name in MAIL_HOSTS}
    both(lambda name: on(name, RENEW))

    for name, client in sessions.items():
        old, new = certificate(client), shown(name)
        assert client.noop()[0] == 250
        assert client.mail("")[0] == 250
        client.close()
        assert new.serial_number != old.serial_number
        assert new.public_key() == old.public_key()


@pytest.mark.usefixtures("acme")
def test_an_authority_that_is_away_at_a_renewal_leaves_the_certificate_in_force() -> None:
    before = {name: shown(name).serial_number for name in MAIL_HOSTS}
    with unreachable("ns"):
        said = both(lambda name: on(name, f"{RENEW} 2>&1; echo $?"))

    assert all(text.endswith("1") for text in said.values()), said
    assert {name: shown(name).serial_number for name in MAIL_HOSTS} == before
    assert deployed(*ACME).count("No changes") == 6


@pytest.mark.usefixtures("acme")
def test_an_authority_that_is_away_at_first_leaves_a_self_signed_one_until_a_later_run() -> None:
    both(lambda name: on(name, FORGET))
    with unreachable("ns"):
        said = deployed(*ACME)

    for name in MAIL_HOSTS:
        assert f"issued no certificate for {HOSTNAMES[name]}" in said
        assert "the next run tries again" in said
        assert issuer(shown(name)) == shown(name).subject.rfc4514_string()
    assert "issue " in deployed(*ACME)
    assert all("Pebble" in issuer(shown(name)) for name in MAIL_HOSTS)


SITE = "/var/www/html"
SERVER = f"python3 -m http.server 80 --bind :: --directory {SITE}"


@pytest.fixture
def _web_server() -> Iterator[None]:
    """Let a web server of somebody run at port 80 of both hosts."""
    both(
        lambda name: on(
            name, f"mkdir -p {SITE} /srv/other; systemd-run --quiet --unit=web80 {SERVER}"
        )
    )
    yield
    both(lambda name: on(name, "systemctl stop web80"))


@pytest.mark.usefixtures("acme", "_web_server")
def test_beside_a_web_server_a_name_is_proved_in_its_directory_or_by_dns() -> None:
    both(lambda name: on(name, f"{FORGET}; rm -rf /var/lib/pyinfra-mail/acme"))
    alternative = "listens on port 80; stop and remove it, or write mail_acme_webroot ="
    assert refused(*ACME).count(alternative) == 2

    said = deployed(*ACME, "--data", "mail_acme_webroot=/srv/other")
    for name in HOSTNAMES.values():
        assert re.search(rf"authority says of {name}: .+; port 80 of every A and AAAA reco", said)

    deployed(*ACME, "--data", f"mail_acme_webroot={SITE}")
    before = {name: shown(name) for name in MAIL_HOSTS}
    assert all("Pebble" in issuer(one) for one in before.values())
    both(lambda name: on(name, RENEW))
    assert all(shown(name).serial_number != before[name].serial_number for name in MAIL_HOSTS)

    by_dns = ("--data", "mail_acme_challenge=dns")
    done = pyinfra("deploys/site.py", "-y", *UNPROVED, *ACME, *by_dns)
    assert done.returncode == 0, done.stdout
    for name in MAIL_HOSTS:
        assert "+ TXT _acme-challenge." in done.stdout
        assert "Pebble" in issuer(shown(name))
        assert shown(name).public_key() != before[name].public_key()
        # What certbot's timer runs: nothing is left that it could not renew.
        assert "No renewals were attempted" in on(name, "certbot renew 2>&1")
        zone = HOSTNAMES[name].partition(".")[2]
        assert "_acme-challenge" not in on("ns", f"pdnsutil list-zone {zone}")
    assert deployed(*ACME, *by_dns).count("No changes") == 6
    renewed_alone(*ACME, *by_dns)


def renewed_alone(*settings: str) -> None:
    """Assert that certificates are renewed if they are due, and that nothing else changes."""
    before, certified = _rest(), {name: shown(name) for name in MAIL_HOSTS}
    idle = pyinfra("deploys/certificates.py", "-y", *settings)
    assert idle.returncode == 0, idle.stdout
    assert idle.stdout.count("No changes") == 10

    done = pyinfra("tests/lab/renewal/deploy.py", "-y", *settings)
    assert done.returncode == 0, done.stdout
    for name, old in certified.items():
        assert f"+ TXT _acme-challenge.{HOSTNAMES[name]}" in done.stdout
        assert shown(name).serial_number != old.serial_number
        assert shown(name).public_key() == old.public_key()
    assert _rest() == before


def _rest() -> list[object]:
    """Return the zones of the hosts without their serials, and the configuration of the hosts."""
    zones = {name.partition(".")[2] for name in HOSTNAMES.values()}
    listed = (on("ns", f"pdnsutil list-zone {zone}").splitlines() for zone in sorted(zones))
    records = [sorted(line for line in lines if "\tSOA\t" not in line) for lines in listed]
    return [*records, live_sets()]


PROOFS = {
    "zone": UPDATED,
    "server": str(LAB.lab.address4(SECOND)),
    "key_name": PROOF_KEY,
    "key_secret": {"env": "PROOF_KEY"},
}
# Notes the arguments of every process while something else runs.
WATCHER = "while sleep 0.01; do cat /proc/[0-9]*/cmdline; done 2>/dev/null >/run/arguments"
WATCH = f"systemd-run --quiet --collect --unit=watcher sh -c '{WATCHER}'"
ALIASES = {name.partition(".")[2]: name.partition(".")[0] for name in HOSTNAMES.values()}


@pytest.fixture
def proof_key() -> Iterator[str]:
    """Return the key for the zone of proofs; no host's name leads there afterwards."""
    yield (state.directory(LAB.lab.name) / "proof-key").read_text().strip()
    deletes = (
        f"pdnsutil delete-rrset {zone} _acme-challenge.{label} CNAME"
        for zone, label in ALIASES.items()
    )
    rectify = (f"pdnsutil rectify-zone {zone}" for zone in ALIASES)
    on("ns", "; ".join((*deletes, *rectify, "pdns_control purge")))


@pytest.mark.usefixtures("acme")
def test_a_host_with_a_key_for_a_zone_of_proofs_renews_by_dns_alone(proof_key: str) -> None:
    by_update = (*ACME, "--data", "mail_acme_challenge=dns")
    own = json.dumps({name: {"mail_acme_dns": PROOFS} for name in MAIL_HOSTS})
    run = partial(pyinfra, OWN_HOST_DATA=own, PROOF_KEY=proof_key)
    both(lambda name: on(name, f"{FORGET}; {WATCH}"))
    done = run("deploys/site.py", "-y", *UNPROVED, *by_update)
    assert done.returncode == 0, done.stdout

    issued = {name: shown(name) for name in MAIL_HOSTS}
    for name, hostname in HOSTNAMES.items():
        assert f"+ CNAME _acme-challenge.{hostname}" in done.stdout
        assert "Pebble" in issuer(issued[name])
    both(lambda name: on(name, RENEW))
    for name, old in issued.items():
        assert shown(name).serial_number != old.serial_number
        assert shown(name).public_key() == old.public_key()
        said = on(name, "systemctl stop watcher; grep -ac 'challenge publish' /run/arguments")
        assert int(said) > 0
        assert on(name, f"grep -aFc {proof_key} /run/arguments || true") == "0"
        assert on(name, f"grep -rlF {proof_key} /etc /usr/local /var /run || true") == KEY_FILE
        assert on(name, f"stat -c %U:%a {KEY_FILE}") == "root:600"
    assert "TXT" not in on("ns", f"knotc zone-read {UPDATED}. | grep mx || true")
    again = run("deploys/hosts.py", "-y", *by_update).stdout
    assert again.count("No changes") == 6, again


KEY_FILE = "/usr/local/lib/pyinfra-mail/certificates/update.json"


@contextmanager
def unreachable(name: str) -> Iterator[None]:
    """Let the mail hosts reach another host no more, meanwhile."""
    addresses = [f"{address}" for address in LAB.lab.addresses(LAB.host(name))]
    both(lambda host: on(host, _routes("add", addresses)))
    try:
        yield
    finally:
        both(lambda host: on(host, _routes("del", addresses)))


def _routes(verb: str, addresses: list[str]) -> str:
    return "; ".join(f"ip route {verb} unreachable {address}" for address in addresses)


@pytest.fixture(scope="module")
def policies(acme: str) -> Iterator[None]:
    """Let the peer publish a policy of MTA-STS, and have an SMTP server without TLS beside."""
    assert acme
    keys, name = state.keys(LAB.lab), "mta-sts.faraway.example"
    put("peer", {"/run/web.pem": keys.tls_private(name) + keys.tls_certificate(name)})
    for unit, program in (("web", WEB), ("plain", PLAIN)):
        put("peer", {f"/run/{unit}.py": program})
        on(
            "peer",
            f"systemctl reset-failed {unit} 2>/dev/null; systemctl stop {unit} 2>/dev/null;"
            f" systemd-run --quiet --unit={unit} python3 /run/{unit}.py",
        )
    trusted = "/usr/local/share/ca-certificates/lab.crt"
    both(lambda host: put(host, {trusted: keys.authority()}))
    trusts = "update-ca-certificates >/dev/null 2>&1"
    both(lambda host: on(host, f"{STOP}; {trusts}; {START}"))
    yield
    on("peer", "systemctl stop web plain")
    both(lambda host: on(host, f"postsuper -d ALL; {STOP}; rm {trusted}; {trusts}; {START}"))


@pytest.mark.usefixtures("acme")
def test_the_key_of_the_public_root_is_there_before_the_resolver_needs_it() -> None:
    both(lambda name: on(name, "rm /var/lib/unbound/root.key"))
    public = ("--data", "mail_resolver_forwards=[]", "--data", "mail_resolver_trust_anchor=")

    deployed(*ACME, *public)

    for name in MAIL_HOSTS:
        assert on(name, "systemctl is-active unbound") == "active"
        assert "20326" in on(name, "cat /var/lib/unbound/root.key")
    deployed(*ACME)


@contextmanager
def certified_peer() -> Iterator[None]:
    """Let the peer have a certificate of an authority that the mail hosts trust, meanwhile."""
    keys, name, home = state.keys(LAB.lab), "mail.faraway.example", "/var/lib/exim4"
    files = {"certificate.pem": keys.tls_certificate(name), "key.pem": keys.tls_private(name)}
    reload = "systemctl restart exim4"
    on("peer", f"cp -a {home} /run/kept-exim4")
    put("peer", {f"{home}/{file}": text for file, text in files.items()})
    on("peer", f"chown Debian-exim {home}/key.pem; {reload}")
    try:
        yield
    finally:
        on("peer", f"cp -a /run/kept-exim4/*.pem {home}; rm -r /run/kept-exim4; {reload}")


def tlsa() -> str:
    """Return the record that says which key the peer has (RFC 6698)."""
    shows = "openssl x509 -in /var/lib/exim4/certificate.pem -noout -pubkey"
    return on("peer", f"{shows} | openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1")


@pytest.mark.usefixtures("policies")
def test_dane_delivers_to_the_right_key_and_waits_for_the_wrong_one() -> None:
    try:
        records(("_25._tcp.mail", "TLSA", f"3 1 1 {tlsa()}"))
        for log in both(delivery).values():
            assert "Verified TLS connection established to mail.faraway.example" in log
            assert "status=sent" in log

        records(("_25._tcp.mail", "TLSA", f"3 1 1 {'00' * 32}"))
        for log in both(delivery).values():
            assert "status=deferred (Server certificate not verified)" in log
            assert "status=sent" not in log
    finally:
        records(("_25._tcp.mail", "TLSA", ""))


@pytest.mark.usefixtures("policies")
def test_a_policy_is_enforced_and_does_not_switch_dane_off() -> None:
    published = ("_mta-sts", "TXT", '"v=STSv1; id=1"')
    records(("mta-sts", "A", LAB.address("peer")), published)
    try:
        for log in both(delivery).values():
            assert re.search(r"status=deferred \(Server certificate not (trusted|verified)\)", log)

        with certified_peer():
            for log in both(delivery).values():
                assert "Verified TLS connection" in log
                assert "status=sent" in log

        records(("_25._tcp.mail", "TLSA", f"3 1 1 {tlsa()}"))
        for log in both(delivery).values():
            assert "Verified TLS connection" in log
            assert "status=sent" in log

        records(("_25._tcp.mail", "TLSA", f"3 1 1 {'00' * 32}"))
        for log in both(delivery).values():
            assert "status=deferred (Server certificate not verified)" in log
    finally:
        names = (("mta-sts", "A"), ("_mta-sts", "TXT"), ("_25._tcp.mail", "TLSA"))
        records(*((name, kind, "") for name, kind in names))
        both(lambda name: on(name, f"{STOP}; {FORGOTTEN}; {START}"))


@pytest.mark.usefixtures("policies")
def test_mail_waits_while_nobody_can_say_what_a_domain_demands() -> None:
    both(lambda name: on(name, STOP))
    try:
        for log in both(delivery).values():
            assert "status=deferred" in log
    finally:
        both(lambda name: on(name, START))
    for log in both(delivery).values():
        assert "status=sent" in log


@pytest.mark.usefixtures("policies")
def test_postfix_asks_the_hosts_own_resolver_whatever_a_network_manager_writes() -> None:
    write = "cp /etc/resolv.conf /run/kept; echo nameserver 192.0.2.53 > /etc/resolv.conf"
    # What copies it into Postfix's chroot, into the file that is there or in place of it.
    tell = "IFACE=eth0 /etc/network/if-up.d/postfix; postfix check"
    both(lambda name: on(name, f"{write}; {tell}"))
    try:
        for log in both(delivery).values():
            assert "status=sent" in log
        both(lambda name: on(name, "systemctl restart postfix"))
        for log in both(delivery).values():
            assert "status=sent" in log
    finally:
        both(lambda name: on(name, f"cat /run/kept > /etc/resolv.conf; {tell}"))


@pytest.mark.usefixtures("policies")
def test_a_domain_that_must_have_tls_gets_no_mail_in_clear() -> None:
    for log in both(lambda name: delivery(name, "somebody@plain.example")).values():
        assert "status=deferred (TLS is required, but was not offered" in log


def given(kind: str = "good", days: float = 60) -> None:
    """Put the operator's files on both hosts: for every name a key and its certificate."""
    keys = {"good": EC, "other": OTHER}
    files = {f"{KEYS}/{host}.pem": pair(keys[kind], host, days=days) for host in NAMES}
    files |= {f"{KEYS}/{host}.key": key(EC) for host in NAMES}
    both(lambda name: put(name, files))


NAMES = (*HOSTNAMES.values(), "mail.example.org")
FILES = (
    *("--data", "mail_tls=files"),
    *("--data", "mail_tls_names=" + json.dumps(NAMES)),
    "--data",
    "mail_tls_files="
    + json.dumps({host: [f"{KEYS}/{host}.key", f"{KEYS}/{host}.pem"] for host in NAMES}),
)
FIRST = f"{KEYS}/{HOSTNAMES['mx1']}"


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    ("kind", "days", "sentence"),
    [
        ("good", -1, f"the certificate in {FIRST}.key and {FIRST}.pem expired on"),
        ("other", 60, "the key does not match its certificate; put a matching pair there"),
        ("missing", 60, f"{FIRST}.pem cannot be read (No such file or directory)"),
    ],
)
def test_files_that_cannot_serve_are_refused_before_anything_changes(
    kind: str, days: float, sentence: str
) -> None:
    before = live_sets()
    given("good" if kind == "missing" else kind, days)
    if kind == "missing":
        both(lambda name: on(name, f"rm {KEYS}/*.pem"))

    said = refused(*FILES)

    assert sentence in said
    assert live_sets() == before
    assert "Pebble" in issuer(shown("mx1"))


@pytest.mark.usefixtures("acme")
def test_files_are_served_by_sni_and_a_replaced_one_without_a_run() -> None:
    given()
    deployed(*FILES)
    for name in MAIL_HOSTS:
        assert [names(shown(name, host)) for host in NAMES] == [[host] for host in NAMES]
        assert names(shown(name, "unknown.example")) == [HOSTNAMES[name]]
    before = {name: shown(name).not_valid_after_utc for name in MAIL_HOSTS}

    given("other")  # a certificate that is not of this key: what is served stays
    given("good", days=90)

    for name in MAIL_HOSTS:
        assert comes(lambda name=name: shown(name).not_valid_after_utc > before[name])  # type: ignore[misc]
    assert deployed(*FILES).count("No changes") == 6


def names(of: x509.Certificate) -> list[str]:
    found = of.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return list(found.value.get_values_for_type(x509.DNSName))


def comes(condition: Callable[[], bool]) -> bool:
    for _ in range(30):
        if condition():
            return True
        time.sleep(0.5)
    return False
