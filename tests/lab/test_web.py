"""The small web sites on real hosts: served, certified, announced in this order, and asked."""

import http.client
import json
import re
import socket
import ssl
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree as ET

import dns.message
import dns.query
import pytest

from deploys.lab import state
from deploys.lab.definition import ACME_DIRECTORY
from deploys.mail import paths
from deploys.mail.errors import RefusedError
from deploys.mail.mta_sts import PATH, Policy
from deploys.run.https import Https
from tests.lab.background import Background
from tests.lab.labs import ROOT, Raised
from tests.lab.runs import (
    LAB,
    MAIL_HOSTS,
    REPORT,
    UNPROVED,
    UNSCANNED,
    live_sets,
    on,
    pyinfra,
    refused,
    settled,
)
from tests.lab.tls import SERVED, both, put

DOMAINS = {"mx1": "harbor.example", "mx2": "orchard.example"}
PREFIXES = ("mta-sts", "autoconfig", "autodiscover")
SITE = (
    *("--data", "mail_tls=acme"),
    *("--data", "mail_mta_sts=enforce"),
    *("--data", "mail_autoconfig=1"),
    *("--data", "mail_tls_rpt=postmaster@harbor.example"),
    *("--data", "mail_dane=false"),  # which would let the authority's certificates wait
)
CERTBOT = "/etc/letsencrypt"
BUNDLE = "REQUESTS_CA_BUNDLE=/usr/local/lib/pyinfra-mail/certificates/acme-ca.pem"
# The authority's server keeps accounts in memory: a new one knows nobody of before.
KNOWN = f"{BUNDLE} certbot show_account --server {ACME_DIRECTORY} >/dev/null 2>&1"
FORGET = f"rm -rf {CERTBOT}/live {CERTBOT}/archive {CERTBOT}/renewal {CERTBOT}/accounts {SERVED}/*"
NONE_LEFT = (
    "systemctl disable --now --quiet nginx 2>/dev/null;"
    " rm -rf /etc/nginx/pyinfra-mail /etc/systemd/system/nginx.service.d;"
    " rm -f /var/lib/pyinfra-mail/nginx.json /run/pyinfra-mail/nginx.*;"
    f" for name in {' '.join(PREFIXES)}; do rm -rf {CERTBOT}/*/$name.* {SERVED}/$name.*; done;"
    f" {KNOWN} || {FORGET}; systemctl daemon-reload"
)
TRUSTED = "/usr/local/share/ca-certificates/pebble.crt"
AGAIN = (
    "update-ca-certificates >/dev/null 2>&1; systemctl stop postfix-mta-sts-resolver;"
    " rm -f /var/lib/mta-sts/cache.db*; unbound-control -q flush_zone example;"
    " systemctl start postfix-mta-sts-resolver"
)


@pytest.fixture(scope="module")
def bare(lab: Raised) -> Iterator[None]:
    """Let nothing of a site be there, before and after."""
    assert lab
    gone()
    yield
    gone()


def gone() -> None:
    both(lambda name: on(name, NONE_LEFT))
    names = [f"{domain} {prefix} {kind}" for domain in DOMAINS.values() for prefix, kind in KINDS]
    # With TLSA records in the DNS the authority's certificates would wait, with or without DANE.
    names += [f"{domain} _25._tcp.{name} TLSA" for name, domain in DOMAINS.items()]
    deletes = (f"pdnsutil delete-rrset {name} >/dev/null 2>&1" for name in names)
    purges = (f"pdnsutil rectify-zone {domain} >/dev/null" for domain in DOMAINS.values())
    on("ns", "; ".join((*deletes, *purges, "pdns_control purge >/dev/null")))
    on("resolver", "systemctl reset-failed unbound; systemctl restart unbound")
    both(lambda name: on(name, "! pidof -q unbound || unbound-control -q flush_zone example"))


KINDS = (
    *((prefix, kind) for prefix in PREFIXES for kind in ("A", "AAAA")),
    ("_autodiscover._tcp", "SRV"),
    ("_mta-sts", "TXT"),
    ("_pyinfra-mail", "TXT"),
)


@pytest.mark.usefixtures("bare")
def test_another_web_server_is_named_and_nothing_is_changed() -> None:
    before = live_sets()
    on("mx1", "systemd-run --quiet --unit=other python3 -m http.server 443")
    try:
        said = refused(*SITE, "--limit", "mx1")
    finally:
        on("mx1", "systemctl stop other")

    assert re.search(r"python3 \(process \d+\) listens on port 443; stop and remove it", said)
    assert "or write mail_mta_sts = 'none' and mail_autoconfig = False" in said
    assert live_sets()["mx1"] == before["mx1"]
    assert "/var/lib/pyinfra-mail/nginx.json" not in on("mx1", "ls /var/lib/pyinfra-mail/*")


@pytest.fixture(scope="module")
def authorities(bare: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001 - before all
    """Return a file with who vouches for the authority's server, and for what it issues."""
    lab = state.keys(LAB.lab).authority()
    context = ssl.create_default_context(cadata=lab)
    context.check_hostname = False  # it is asked by its address
    url = f"https://{LAB.address('ns')}:15000/roots/0"
    with urllib.request.urlopen(url, context=context, timeout=5) as reply:
        root = reply.read().decode()
    path = tmp_path_factory.mktemp("web") / "authorities.pem"
    path.write_text(lab + root)
    both(lambda name: put(name, {TRUSTED: root}))
    return path


@pytest.fixture(scope="module")
def first(authorities: Path) -> str:
    """Deploy the whole way, and return the output."""
    return site(authorities, *UNSCANNED)


def site(authorities: Path, *words: str) -> str:
    trust = ("--data", f"mail_acme_ca_file={authorities}")
    done = pyinfra("deploys/site.py", "-y", *SITE, *trust, *words)
    assert done.returncode == 0, done.stdout
    return done.stdout


def announced(domain: str) -> set[str]:
    """Return what the name server says that a domain announces."""
    return {value.strip('"') for value in published(f"_mta-sts.{domain}", "TXT")}


def published(name: str, rdtype: str) -> list[str]:
    """Return the values that the name server has."""
    found = dns.query.tcp(dns.message.make_query(name, rdtype), LAB.address("ns"), timeout=5).answer
    return [str(one) for rrset in found for one in rrset]


def policy(name: str, authorities: Path) -> Policy:
    """Return the policy that a host answers with at each of its addresses."""
    (page,) = policies(name, authorities)
    return Policy.parse(page)


def policies(name: str, authorities: Path) -> set[str]:
    """Return the policies at the addresses of a host, verified; two while they change."""
    url, web = f"https://mta-sts.{DOMAINS[name]}{PATH}", Https(authorities.read_text())
    pages = [web.get(url, 5, str(one)) for one in LAB.lab.addresses(LAB.host(name))]
    assert {(page.status, page.kind) for page in pages} == {(200, "text/plain")}
    return {page.text for page in pages}


@pytest.mark.parametrize("name", MAIL_HOSTS)
def test_a_domain_begins_with_testing_served_and_announced(
    name: str, first: str, authorities: Path
) -> None:
    now = policy(name, authorities)

    assert "issued no certificate" not in first, first
    assert "not announced" not in first, first
    assert (now.mode, len(now.mx)) == ("testing", 1)
    assert announced(DOMAINS[name]) == {now.announcement}
    assert f"{DOMAINS[name]}: the MTA-STS policy stays in mode testing" in first


@pytest.mark.usefixtures("first")
def test_a_certificate_of_somebody_unknown_is_no_policy() -> None:
    address = str(LAB.lab.address4(LAB.host("mx1")))
    with pytest.raises(RefusedError, match="its certificate is not valid"):
        Https().get(f"https://mta-sts.harbor.example{PATH}", 5, address)


def asked(name: str, server: str, path: str, method: str = "GET", **also: Any) -> tuple[int, str]:
    """Ask a host for a path of a name; its certificate is another test's."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(also.pop("host", server), context=context, timeout=5)
    plain = socket.create_connection((LAB.address(name), 443), 5)
    with plain, context.wrap_socket(plain, server_hostname=server) as connection.sock:
        connection.request(method, path, **also)
        reply = connection.getresponse()
        return reply.status, reply.read().decode()


@pytest.mark.usefixtures("first")
@pytest.mark.parametrize("name", MAIL_HOSTS)
def test_mail_programs_are_told_where_to_send(name: str) -> None:
    domain = DOMAINS[name]
    for path in (
        "/mail/config-v1.1.xml?emailaddress=x",
        "/.well-known/autoconfig/mail/config-v1.1.xml",
    ):
        status, text = asked(name, f"autoconfig.{domain}", path)
        ports = [port.text for port in ET.fromstring(text).iter("port")]  # noqa: S314 - our own
        assert (status, ports) == (200, ["465", "587"])

    for method in ("GET", "POST"):
        for path in ("/autodiscover/autodiscover.xml", "/Autodiscover/Autodiscover.xml"):
            status, text = asked(name, f"autodiscover.{domain}", path, method)
            tags = [one.text for one in ET.fromstring(text).iter() if one.tag.endswith("}Port")]  # noqa: S314 - our own
            assert (status, tags) == (200, ["465", "587"])


@pytest.mark.usefixtures("first")
@pytest.mark.parametrize("domain", DOMAINS.values())
def test_outlook_finds_the_name_of_its_document_in_the_dns(domain: str) -> None:
    target = f"0 1 443 autodiscover.{domain}."
    assert published(f"_autodiscover._tcp.{domain}", "SRV") == [target]


@pytest.mark.usefixtures("first")
@pytest.mark.parametrize("name", MAIL_HOSTS)
def test_nothing_else_is_served(name: str) -> None:
    domain = DOMAINS[name]
    assert asked(name, f"mta-sts.{domain}", "/")[0] == 404
    assert asked(name, f"mta-sts.{domain}", "/mail/config-v1.1.xml")[0] == 404
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
        asked(name, f"www.{domain}", "/")
    with pytest.raises(http.client.RemoteDisconnected):
        asked(name, f"mta-sts.{domain}", "/.well-known/mta-sts.txt", host=f"www.{domain}")
    assert on(name, "ss -Hltn 'sport = :80'") == ""
    assert on(name, "find /var/log/nginx -type f -size +0") == ""


class Look(Background):
    """What is announced, and then served at each address, again and again."""

    def __init__(self, authorities: Path) -> None:
        self.seen: list[tuple[set[str], set[str]]] = []
        self._authorities = authorities

    def _work(self) -> None:
        while not self._ends_within(0.2):
            now = announced("harbor.example")
            served = map(Policy.parse, policies("mx1", self._authorities))
            self.seen.append((now, {one.announcement for one in served}))


@pytest.fixture(scope="module")
def second(first: str, authorities: Path) -> tuple[str, Look]:
    """Deploy again, and return the output and what was seen meanwhile."""
    assert first
    with Look(authorities) as look:
        said = site(authorities)
    return said, look


def test_enforcing_comes_second_and_the_id_after_the_policy(
    second: tuple[str, Look], authorities: Path
) -> None:
    said, look = second
    now = policy("mx1", authorities)

    assert "not announced" not in said, said
    assert now.mode == "enforce"
    assert announced("harbor.example") == {now.announcement}
    every = set().union(*(served for _, served in look.seen))
    assert len(every - {now.announcement}) == 1
    new = {now.announcement}
    assert [served for record, served in look.seen if record == new and served != new] == []


@pytest.mark.usefixtures("second")
def test_the_next_run_changes_nothing(authorities: Path) -> None:
    said = site(authorities, *UNPROVED)

    rows = [line.split()[-4:] for line in said.splitlines() if line.strip().startswith(STEPS)]
    assert rows == [["2", "-", "-", "2"]] * len(STEPS), said


@pytest.mark.usefixtures("second")
@pytest.mark.parametrize("domain", DOMAINS.values())
def test_a_checker_of_others_finds_no_error_in_a_domains_records(domain: str) -> None:
    import checkdmarc  # noqa: PLC0415 - the quick part's workers need not import it
    from checkdmarc.mta_sts import query_mta_sts_record  # noqa: PLC0415

    resolver = [LAB.address("resolver")]
    found = checkdmarc.check_domains([domain], nameservers=resolver, timeout=5.0)
    parts = {name: found[name] for name in ("mx", "spf", "dmarc", "smtp_tls_reporting")}

    assert found["dnssec"]
    assert [host["hostname"] for host in parts["mx"]["hosts"]]
    assert {name: part["error"] for name, part in parts.items() if "error" in part} == {}
    assert query_mta_sts_record(domain, nameservers=resolver)["warnings"] == []


STEPS = ("Prepare", "Publish", "Certify", "Activate", "Announce")


@pytest.mark.usefixtures("second")
def test_another_mail_server_takes_the_policy_and_demands_what_it_says() -> None:
    both(lambda name: on(name, AGAIN))
    try:
        for asking, domain in (("mx2", "harbor.example"), ("mx1", "orchard.example")):
            answer = on(asking, f"postmap -q {domain} socketmap:inet:127.0.0.1:8461:postfix")
            host = next(name for name in DOMAINS if DOMAINS[name] == domain)
            assert answer.startswith(f"secure match={host}.{domain} ")
    finally:
        both(lambda name: on(name, f"rm {TRUSTED}; {AGAIN}"))


NEWS = """From: Harbor News <news@harbor.example>
To: visitor@faraway.example
Subject: News {number}
List-Unsubscribe: <https://autoconfig.harbor.example/mail/config-v1.1.xml>
List-Unsubscribe-Post: List-Unsubscribe=One-Click

Whoever has enough of this letter says so with one click.
"""


@pytest.mark.usefixtures("second")
def test_bulk_mail_that_a_host_signs_can_be_left_with_one_click(
    authorities: Path, tmp_path: Path
) -> None:
    number = uuid4().hex
    put("mx1", {"/root/news.eml": NEWS.format(number=number)})
    on("mx1", "sendmail -i -f news@harbor.example visitor@faraway.example </root/news.eml")
    settled("peer", f"grep -q 'Subject: News {number}' /var/mail/visitor")
    box = on("peer", "tail -c 65536 /var/mail/visitor")
    arrived = next(one for one in re.split(r"(?m)^From .*\n", box) if number in one)
    sample = tmp_path / "news.eml"
    sample.write_text(f"{arrived.rstrip()}\n")

    words = f"verify_only=delivery.unsubscribe verify_bulk={sample} mail_acme_ca_file={authorities}"
    data = [word for one in words.split() for word in ("--data", one)]
    said = pyinfra("deploys/verify.py", "-y", *SITE, *data).stdout

    found = json.loads((REPORT.parent / "part" / "report.json").read_text())["findings"]
    verdicts = {one["severity"] for one in found if one["id"] == "delivery.unsubscribe"}
    assert verdicts == {"ok"}, said


@pytest.mark.usefixtures("first")
@pytest.mark.parametrize("name", MAIL_HOSTS)
def test_a_sites_key_exchange_is_that_of_the_mail_ports(name: str) -> None:
    site = f"openssl s_client -connect 127.0.0.1:443 -servername mta-sts.{DOMAINS[name]}"
    offers = {
        "SHA-256": "-tls1_2 -sigalgs ECDSA+SHA256:RSA+SHA256",
        "SHA-224": "-tls1_2 -cipher ALL@SECLEVEL=0 -sigalgs ECDSA+SHA224:RSA+SHA224",
        "SHA-1": "-tls1_2 -cipher ALL@SECLEVEL=0 -sigalgs ECDSA+SHA1:RSA+SHA1",
        "X25519": "-tls1_3 -groups X25519",
        "hybrid": "-tls1_3 -groups X25519MLKEM768",
        "ffdhe2048": "-tls1_3 -groups ffdhe2048",
    }

    agreed = {
        offer
        for offer, options in offers.items()
        if "BEGIN CERTIFICATE" in on(name, f"{site} {options} </dev/null 2>/dev/null || true")
    }

    assert agreed == {"SHA-256", "X25519"} | ({"hybrid"} if name == "mx2" else set())


@pytest.mark.usefixtures("second")
def test_a_renewed_certificate_is_served_at_once() -> None:
    name = "mta-sts.harbor.example"
    show = f"openssl s_client -connect 127.0.0.1:443 -servername {name} </dev/null 2>/dev/null"
    serial = f"{show} | openssl x509 -noout -serial"
    before = on("mx1", serial)

    forced = "--force-renewal --quiet --no-random-sleep-on-renew"
    on("mx1", f"{BUNDLE} certbot renew --cert-name {name}-ecdsa {forced}")

    on(
        "mx1",
        f'for i in $(seq 50); do test "$({serial})" != {before} && exit; sleep 0.1; done; false',
    )


AUTO = {
    "mail_mta_sts=enforce": "mail_mta_sts=auto",
    "mail_tls_rpt=postmaster@harbor.example": (
        'mail_tls_rpt=["tls@harbor.example", "tls@orchard.example"]'
    ),
}
# Days of sessions as the reader notes them; test_reports.py shows that it does.
NOTED = """
from shutil import rmtree
folder = Path("{folder}")
rmtree(folder, ignore_errors=True)
folder.mkdir()
lost = (TlsFailure("certificate-expired", "", "", "", {failed}),) if {failed} else ()
with opened(folder) as store:
    for back in range(1, 8):
        day = day_of(time() - back * 86400)
        store.add(DomainReport("tls", "a.example", day, "{domain}", day, "sts", 20, (), lost))
"""


def noted(failed: int) -> None:
    """Let mx1 have read seven days of reports on its domain, with so many failures each."""
    source = (ROOT / "deploys/mail/report_store.py").read_text()
    words = {"folder": paths.REPORTS, "failed": failed, "domain": DOMAINS["mx1"]}
    put("mx1", {"/root/noted.py": f"{source}\nfrom time import time\n{NOTED.format(**words)}"})
    unit = "pyinfra-mail-reports"
    restart = f"! test -e /usr/local/lib/systemd/system/{unit}.service || systemctl start {unit}"
    on("mx1", f"systemctl stop {unit} 2>&1 || true; python3 /root/noted.py && {restart}")


@pytest.mark.usefixtures("second")
def test_a_policy_that_follows_reports_goes_back_with_failures_and_on_without(
    authorities: Path,
) -> None:
    follows = (*(AUTO.get(one, one) for one in SITE), "--data", "mail_auto_days=7")
    trust = ("--data", f"mail_acme_ca_file={authorities}")

    def run() -> tuple[str, str]:
        done = pyinfra("deploys/site.py", "-y", *follows, *trust, *UNPROVED)
        assert done.returncode == 0, done.stdout
        return policy("mx1", authorities).mode, done.stdout

    noted(failed=5)
    mode, said = run()
    assert mode == "testing"
    assert "mode testing: 35 of 175 sessions failed in 7 days, by TLS reports" in said
    noted(failed=0)
    mode, said = run()
    assert (mode, "mode testing" in said) == ("enforce", False)
    assert policy("mx2", authorities).mode == "enforce"
