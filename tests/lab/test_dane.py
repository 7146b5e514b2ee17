"""DANE for mail that comes: no sender ever meets a key that the DNS does not name."""

import hashlib
import re
import smtplib
import time
from collections.abc import Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.query
import dns.rdatatype
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from deploys.lab import state
from tests.lab.background import Background
from tests.lab.labs import Raised
from tests.lab.runs import LAB, MAIL_HOSTS, UNPROVED, UNSCANNED, UNTRIED, deployed, on, pyinfra
from tests.lab.tls import HOSTNAMES, SERVED, both, issuer, shown
from tests.lab.verification import PART, report

ACME = ("--data", "mail_tls=acme")
ROTATE = (*ACME, "--data", "mail_tls_rotate=now")
NOTES = "/var/lib/pyinfra-mail/tlsa"
LINEAGES = " ".join(f"letsencrypt/{part}" for part in ("live", "archive", "renewal", "accounts"))
FORGET = f"cd /etc && rm -rf {LINEAGES} {SERVED}/* {NOTES}"
BUNDLE = "REQUESTS_CA_BUNDLE=/usr/local/lib/pyinfra-mail/certificates/acme-ca.pem"
ANEW = f"{BUNDLE} certbot renew --force-renewal --new-key --no-random-sleep-on-renew"
# As if the sets that caches hold had come to their end.
LATER = f"""python3 -c '
import json, pathlib
for path in pathlib.Path("{NOTES}").glob("*.json"):
    noted = json.loads(path.read_text())
    noted["from"] = {{key: 0 for key in noted["from"]}}
    path.write_text(json.dumps(noted))'"""


def published(name: str, server: str = "ns", *, validated: bool = False) -> set[str]:
    """Return the digests in a host's TLSA set."""
    query = dns.message.make_query(f"_25._tcp.{HOSTNAMES[name]}", "TLSA", want_dnssec=True)
    answer = dns.query.tcp(query, LAB.address(server), timeout=5)
    assert bool(answer.flags & dns.flags.AD) is validated
    found = (rrset for rrset in answer.answer if rrset.rdtype == dns.rdatatype.TLSA)
    texts = [str(record).split() for rrset in found for record in rrset]
    assert all(text[:3] == ["3", "1", "1"] for text in texts)
    return {text[3] for text in texts}


def keys(name: str) -> set[str]:
    """Return the digests of the keys that a host shows."""
    certificates = (shown(name, rsa=rsa) for rsa in (False, True))
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    return {
        hashlib.sha256(one.public_key().public_bytes(*form)).hexdigest() for one in certificates
    }


class Sender(Background):
    """Compares what both hosts show with what the DNS says, all the time, as a sender does."""

    def __init__(self) -> None:
        self.compared = 0
        self.refusals: list[str] = []

    def _work(self) -> None:
        for _ in range(600):
            if self._ends_within(0.3):
                return
            for name in MAIL_HOSTS:
                known = published(name)
                try:
                    seen = keys(name)
                except (OSError, smtplib.SMTPException):  # Postfix is being started again
                    continue
                self.compared += 1
                if not seen <= known:
                    self.refusals.append(f"{time.time()} {name}: {seen} {known}")


def site(*arguments: str, proof: tuple[str, ...] = UNSCANNED) -> str:
    done = pyinfra("deploys/site.py", "-y", *arguments, *proof)
    assert done.returncode == 0, done.stdout
    return done.stdout


def tlsa_findings() -> list[tuple[str, str]]:
    found = report(PART)["findings"]
    return [(one["severity"], one["saw"]) for one in found if one["id"] == "dns.tlsa"]


@pytest.fixture(scope="module", autouse=True)
def _known(lab: Raised) -> Iterator[None]:
    """Hosts with certificates of their own, whose keys are in the DNS."""
    assert lab
    both(lambda name: on(name, FORGET))
    site()
    yield
    both(lambda name: on(name, f"cd /etc && rm -rf {LINEAGES}"))
    site(*UNTRIED, proof=UNPROVED)


def test_the_zone_names_two_keys_in_use_and_two_that_come_next() -> None:
    for name in MAIL_HOSTS:
        names = published(name)

        assert names == published(name, "resolver", validated=True)
        assert len(names) == 4
        assert keys(name) < names
        assert on(name, f"stat -c %a {SERVED}/next/*.pem") == "600"
    assert {severity for severity, _ in tlsa_findings()} == {"ok"}
    assert deployed().count("No changes") == 6


def test_mail_from_outside_comes_over_tls_that_dane_has_verified() -> None:
    for name, recipient in MAIL_HOSTS.items():
        token = f"dane-{time.time_ns()}"
        on("peer", f"printf 'Message-Id: <{token}@x>\\n\\n' | exim -oMr test -odf {recipient}")

        log = on("peer", "tail -n 40 /var/log/exim4/mainlog")
        assert re.search(rf"=> {recipient} .*H={HOSTNAMES[name]} .*CV=dane", log), log


def test_the_first_certificate_of_an_authority_waits_until_senders_know_its_key() -> None:
    with Sender() as sender:
        first = site(*ACME)
        for name in MAIL_HOSTS:
            assert f"{HOSTNAMES[name]} is not served yet: until" in first, first
            assert issuer(shown(name)) == shown(name).subject.rfc4514_string()
            assert len(published(name)) == 6
        both(lambda name: on(name, LATER))
        site(*ACME, proof=UNPROVED)

    assert all("Pebble" in issuer(shown(name)) for name in MAIL_HOSTS)
    assert all(len(published(name)) == 4 for name in MAIL_HOSTS)
    assert sender.refusals == []
    assert sender.compared > 10
    assert deployed(*ACME).count("No changes") == 6


def test_a_renewal_with_a_key_that_nobody_knows_is_not_served() -> None:
    before = {name: keys(name) for name in MAIL_HOSTS}

    said = both(lambda name: on(name, f"{ANEW} 2>&1 || true"))

    for name, text in said.items():
        assert "no TLSA record has its key; run the deploy `site` to publish one" in text, text
        assert keys(name) == before[name]


def test_the_next_keys_take_over_and_senders_find_every_key_that_they_meet() -> None:
    before = {name: keys(name) for name in MAIL_HOSTS}
    both(lambda name: on(name, LATER))
    following = {name: published(name) - before[name] for name in MAIL_HOSTS}

    with Sender() as sender:
        site(*ROTATE)
        again = deployed(*ROTATE)

    for name in MAIL_HOSTS:
        assert keys(name) == following[name]
        assert "Pebble" in issuer(shown(name))
        assert not published(name) & before[name]
        assert f"the TLS keys of {HOSTNAMES[name]} are not rotated yet: " in again
    assert sender.refusals == []
    assert sender.compared > 10


@contextmanager
def delegated(zone: str, ds: str) -> Iterator[None]:
    """Let the root vouch for a zone with another DS, or with none."""
    own = state.keys(LAB.lab).zone_ds(f"{zone}.")
    told = "pdnsutil rectify-zone .; pdns_control purge '$'"
    change = f'replace-rrset . {zone} DS 3600 "{ds}"' if ds else f"delete-rrset . {zone} DS"
    on("ns", f"pdnsutil {change}; {told}")
    try:
        yield
    finally:
        on("ns", f'pdnsutil replace-rrset . {zone} DS 3600 "{own}"; {told}')
        # A minute long a resolver would remember that it could not validate the zone.
        on("resolver", "systemctl reset-failed unbound; systemctl restart unbound")
        both(lambda name: on(name, "unbound-control flush_bogus; unbound-control flush_negative"))


@pytest.mark.parametrize(
    ("ds", "sentence"),
    [
        ("", "no TLSA records for mx1.harbor.example: harbor.example has no DS at its parent"),
        (f"1 13 2 {'ab' * 32}", "the DS of harbor.example at its parent fits none of its keys"),
    ],
    ids=["no DS", "a wrong DS"],
)
def test_records_that_nobody_could_trust_are_left_out_and_the_plan_says_so(
    ds: str, sentence: str
) -> None:
    with delegated("harbor.example", ds):
        done = pyinfra("deploys/site.py", "--dry")

    assert done.returncode == 0, done.stdout
    assert done.stdout.count(sentence) == 1, done.stdout
    assert "no TLSA records for mx2" not in done.stdout
