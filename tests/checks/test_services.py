"""SRV records and autoconfiguration, and the servers that they lead to."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from threading import Thread

import pytest

from deploys.checks.core.finding import Finding, Severity
from deploys.checks.core.world import Answer, Page
from deploys.checks.dns import autoconfig, services
from deploys.checks.dns.services import SrvService
from deploys.mail import srv
from deploys.mail.settings.model import Fleet
from tests.checks.cases.dns_services import OUTLOOK, SITES, THUNDERBIRD, led, manned, pages
from tests.checks.smtp_servers import Submission, certified, serving
from tests.checks.worlds import Gone, Pages, Zone, fleet, world

OK, INFO, WARNING = Severity.OK, Severity.INFO, Severity.WARNING
ERROR, UNKNOWN = Severity.ERROR, Severity.UNKNOWN
OURS = "0 1 465 mx1.harbor.example."
BOTH = ("mx1.harbor.example", "mx2.harbor.example")
Talk = Callable[[socket.socket], None]


@pytest.mark.parametrize(
    ("name", "hosts", "values", "severity"),
    [
        ("submissions", BOTH[:1], [OURS], OK),
        ("submissions", BOTH[:1], ["5 9 465 MX1.harbor.example."], OK),
        ("submissions", BOTH[:1], [OURS, "9 1 465 backup.example."], OK),
        ("submissions", BOTH[:1], [], ERROR),
        ("submissions", BOTH[:1], ["0 0 0 ."], ERROR),
        ("submissions", BOTH, [OURS], ERROR),
        ("submissions", BOTH[:1], ["0 1 465 smtp.other.example."], WARNING),
        ("submissions", (), [], INFO),
        ("submissions", (), ["0 1 465 smtp.other.example."], OK),
        ("imaps", BOTH[:1], ["0 0 0 ."], OK),
        ("imaps", BOTH[:1], ["0 0 993 ."], OK),
        ("imaps", BOTH[:1], [], ERROR),
        ("imaps", BOTH[:1], ["0 1 993 imap.other.example."], OK),
        ("imaps", (), ["0 0 0 ."], OK),
        ("imaps", (), [r"65535 65535 65535 a\.\000\255\;b."], OK),
    ],
)
def test_each_record_set_has_its_severity(
    name: str, hosts: tuple[str, ...], values: list[str], severity: Severity
) -> None:
    service = SrvService("harbor.example", name, srv.records(name, hosts))

    finding = service.finding(Answer("ns", tuple(values)))

    assert finding.severity is severity
    assert finding.fix or severity is OK


@pytest.mark.parametrize(
    ("values", "severity"),
    [
        (["0 1 993 mx1.harbor.example."], OK),
        (["0 0 0 ."], ERROR),
        (["0 1 993 imap.other.example."], WARNING),
    ],
)
def test_a_domain_with_mailboxes_names_their_server(values: list[str], severity: Severity) -> None:
    service = SrvService("harbor.example", "imaps", srv.records("imaps", BOTH, BOTH[:1]))

    assert service.finding(Answer("ns", tuple(values))).severity is severity


def asked(folder: Path, names: Zone, one: Fleet | None = None, timeout: float = 5) -> list[Finding]:
    here = replace(world(folder, timeout=timeout), names=names)
    return list(services.services(one or fleet(), here))


def test_missing_records_are_quoted_to_be_published(tmp_path: Path) -> None:
    found = asked(tmp_path, led({}), manned(tmp_path))

    assert {one.severity for one in found} == {ERROR}
    assert {
        "publish: _submissions._tcp.harbor.example SRV 0 1 465 mx1.harbor.example.",
        "publish: _submission._tcp.harbor.example SRV 0 1 587 mx1.harbor.example.",
        "publish: _imaps._tcp.harbor.example SRV 0 0 0 .",
    } <= {one.fix for one in found}


@pytest.mark.parametrize(
    ("values", "severity", "fix"),
    [
        (("0 1 443 autodiscover.harbor.example.",), OK, ""),
        (("0 1 443 autodiscover.other.example.",), WARNING, "publish 0 1 443 autodiscover.harbor"),
        (("0 0 0 .",), ERROR, "publish: _autodiscover._tcp.harbor.example SRV 0 1 443"),
        ((), ERROR, "publish: _autodiscover._tcp.harbor.example SRV 0 1 443 autodiscover.harbor"),
    ],
    ids=["ours", "elsewhere", "not offered", "none"],
)
def test_the_record_for_outlook_leads_to_the_site_with_its_document(
    tmp_path: Path, values: tuple[str, ...], severity: Severity, fix: str
) -> None:
    found = asked(tmp_path, led({"autodiscover": values}), manned(tmp_path))

    (finding,) = [one for one in found if "_autodiscover._tcp.harbor.example SRV" in one.saw]
    assert finding.severity is severity
    assert finding.fix.startswith(fix)


def test_without_autoconfig_a_record_for_outlook_may_lead_anywhere(tmp_path: Path) -> None:
    found = asked(tmp_path, led({"autodiscover": ("0 1 443 autodiscover.other.example.",)}))

    (finding,) = [one for one in found if "_autodiscover._tcp.harbor.example SRV" in one.saw]
    assert finding.severity is OK


def test_without_accounts_no_record_is_demanded(tmp_path: Path) -> None:
    found = asked(tmp_path, led({}))

    assert not any(one.applies for one in found)
    assert all(one.saw.endswith("SRV nothing; the inventory demands none") for one in found)


@pytest.mark.parametrize("names", [Zone({}), Gone()], ids=["no servers", "no resolver"])
def test_without_an_answer_every_record_is_unknown(tmp_path: Path, names: Zone) -> None:
    assert {one.severity for one in asked(tmp_path, names)} == {UNKNOWN}


def place(folder: Path, service: str, port: int, host: str = "mx1", timeout: float = 5) -> Finding:
    """Return what is found at a place to which a record leads."""
    names = led({service: (f"0 1 {port} {host}.harbor.example.",)})
    found = asked(folder, names, timeout=timeout)
    (finding,) = [one for one in found if " SRV " not in one.saw]
    assert finding.subject == "harbor.example"
    return finding


def test_submission_speaks_tls_after_starttls(tmp_path: Path) -> None:
    with serving(Submission(), certified(tmp_path)) as port:
        finding = place(tmp_path, "submission", port)

    assert (finding.severity, finding.saw) == (
        OK,
        f"mx1.harbor.example at 127.0.0.1 port {port} speaks TLSv1.3 after STARTTLS (submission)",
    )


def test_submission_without_starttls_is_an_error(tmp_path: Path) -> None:
    with serving(Submission()) as port:
        finding = place(tmp_path, "submission", port)

    assert finding.severity is ERROR
    assert "STARTTLS" in finding.saw


@contextmanager
def listening(talk: Talk) -> Iterator[int]:
    """Accept one connection, and return the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                talk(connection)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)


@pytest.mark.parametrize("service", ["imaps", "autodiscover"])
def test_a_server_that_speaks_tls_at_once_is_good(tmp_path: Path, service: str) -> None:
    context = certified(tmp_path)
    with listening(lambda line: context.wrap_socket(line, server_side=True).close()) as port:
        finding = place(tmp_path, service, port)

    assert (finding.severity, finding.saw) == (
        OK,
        f"mx1.harbor.example at 127.0.0.1 port {port} speaks TLSv1.3 ({service})",
    )


def trickle(line: socket.socket) -> None:
    """Say octet by octet that a long record of TLS follows, until the other side hangs up."""
    line.settimeout(0.05)
    for octet in b"\x16\x03\x03\x3f\xff" + bytes(600):
        line.sendall(bytes([octet]))
        with suppress(TimeoutError):
            while line.recv(4096):
                pass
            return


def silent(line: socket.socket) -> None:
    """Say nothing until the other side hangs up."""
    while line.recv(4096):
        pass


def garbage(line: socket.socket) -> None:
    """Talk as no server of mail does."""
    line.sendall(b"\x00\xff\x80" * 20000)


def alert(line: socket.socket) -> None:
    """Refuse the handshake."""
    line.recv(4096)
    line.sendall(b"\x15\x03\x03\x00\x02\x02\x28")


def hang_up(line: socket.socket) -> None:
    """Have nothing to say."""
    line.recv(1)


@pytest.mark.parametrize("service", ["imaps", "pop3s", "submissions", "autodiscover"])
@pytest.mark.parametrize(
    "talk",
    [trickle, silent, garbage, alert, hang_up],
    ids=["trickling", "silent", "garbage", "alert", "hung up"],
)
def test_a_server_without_tls_is_an_error_in_time(tmp_path: Path, service: str, talk: Talk) -> None:
    with listening(talk) as port:
        finding = place(tmp_path, service, port, timeout=0.5)

    assert finding.severity is ERROR
    assert finding.saw.startswith(f"mx1.harbor.example at 127.0.0.1 port {port} ")
    assert finding.fix


def test_old_ports_for_reading_have_to_answer(tmp_path: Path) -> None:
    with listening(garbage) as port:
        assert place(tmp_path, "imap", port).severity is OK


@pytest.mark.parametrize("service", srv.LOOKED_UP)
def test_a_port_at_which_nothing_listens_is_an_error(tmp_path: Path, service: str) -> None:
    finding = place(tmp_path, service, 1)

    assert finding.severity is ERROR
    assert "no service listens there" in finding.saw


def test_a_host_without_an_address_is_an_error(tmp_path: Path) -> None:
    finding = place(tmp_path, "imaps", 993, host="gone")

    assert finding.severity is ERROR
    assert finding.saw == "imaps leads to gone.harbor.example, which has no address"


def test_a_target_that_domains_share_is_tried_once(tmp_path: Path) -> None:
    one = fleet({"mail_domains": ["harbor.example", "orchard.example"]})
    context = certified(tmp_path)
    with listening(lambda line: context.wrap_socket(line, server_side=True).close()) as port:
        values = (f"0 1 {port} mx1.harbor.example.",)
        records = {
            ("mx1.harbor.example", "A"): [Answer("ns", ("127.0.0.1",))],
            ("_imaps._tcp.harbor.example", "SRV"): [Answer("ns", values)],
            ("_imaps._tcp.orchard.example", "SRV"): [Answer("ns", values)],
        }
        found = [one for one in asked(tmp_path, Zone(records), one) if "speaks" in one.saw]

    assert [(one.subject, one.severity) for one in found] == [
        ("harbor.example", OK),
        ("orchard.example", OK),
    ]


def test_no_number_of_records_makes_the_run_endless(tmp_path: Path) -> None:
    many = tuple(f"0 1 1 m{number}.harbor.example." for number in range(2000))

    found = asked(tmp_path, led({"imaps": many}))

    assert len(found) == len(srv.LOOKED_UP) + services.MOST


def learned(
    folder: Path, web: Pages, one: Fleet | None = None, names: Zone = SITES
) -> list[Finding]:
    here = replace(world(folder), names=names, web=web)
    return list(autoconfig.documents(one or manned(folder), here))


def test_the_documents_for_mail_programs_name_our_hosts(tmp_path: Path) -> None:
    assert [(one.severity, one.saw) for one in learned(tmp_path, pages())] == [
        (OK, f"{THUNDERBIRD} at 127.0.0.1 names mx1.harbor.example"),
        (OK, f"{OUTLOOK} at 127.0.0.1 names mx1.harbor.example"),
    ]


def test_without_autoconfig_nothing_is_fetched(tmp_path: Path) -> None:
    (finding,) = learned(tmp_path, Pages({}), fleet())

    assert (finding.applies, finding.subject) == (False, "harbor.example")
    assert "mail_autoconfig is off" in finding.saw


def test_a_site_without_an_address_is_an_error(tmp_path: Path) -> None:
    found = learned(tmp_path, pages(), names=Zone({}))

    assert [(one.severity, bool(one.fix)) for one in found] == [(ERROR, True)] * 2


def test_a_site_that_does_not_answer_is_unknown(tmp_path: Path) -> None:
    found = learned(tmp_path, Pages({}))

    assert [(one.severity, bool(one.fix)) for one in found] == [(UNKNOWN, True)] * 2


def test_a_run_without_hosts_fetches_no_documents(tmp_path: Path) -> None:
    none = manned(tmp_path).narrowed([])

    assert learned(tmp_path, Pages({}), none) == []


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {two} "{f"&{one};" * 10}">' for one, two in pairwise("abcdefghi"))
    + "]><x><hostname>&i;</hostname></x>"
)


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (Page(404, "text/html", ""), "answers 404"),
        (Page(301, "text/html", "", "https://other.example/"), "and leads to https://other"),
        (Page(200, "text/xml", ""), "is not XML"),
        (Page(200, "text/xml", "<a>"), "is not XML"),
        (Page(200, "text/xml", "\0\ufffd" * 30000), "is not XML"),
        (Page(200, "text/xml", "\ud800"), "is not XML"),
        (Page(200, "text/xml", "<a>" * 20000), "is not XML"),
        (Page(200, "text/xml", BOMB), "it has a document type"),
        (Page(200, "text/html", "<html/>"), "names no host"),
        (Page(200, "text/xml", "<a>" * 9000 + "</a>" * 9000), "names no host"),
        (Page(200, "text/xml", "<x><hostname/></x>"), "names no host"),
        (Page(200, "text/xml", f"<hostname>{'x' * 60000}</hostname>"), "is no host of the domain"),
        (Page(200, "text/xml", "<hostname>mx1.harbor.example.evil.example</hostname>"), "is no h"),
    ],
    ids=range(13),
)
def test_any_other_document_is_an_error(tmp_path: Path, page: Page, words: str) -> None:
    first, second = learned(tmp_path, pages(changed={THUNDERBIRD: page}))

    assert (first.severity, second.severity) == (ERROR, OK)
    assert words in first.saw
    assert len(first.saw) < 500
    assert first.fix
