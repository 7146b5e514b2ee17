"""Name servers of a zone: real ones on loopback, with one fault each."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from deploys.checks.core.finding import Finding, Severity
from deploys.checks.core.world import Answer, UnansweredError
from deploys.checks.dns import servers
from deploys.checks.dns.mx import exchanges
from deploys.dns import authority, resolver
from deploys.dns.resolver import Resolver
from tests.checks.cases.dns_zone import of, two_servers
from tests.checks.worlds import Zone, fleet
from tests.zones.responder import RESPONSE, Responder, a, domain, mx, soa

OK, INFO, WARNING = Severity.OK, Severity.INFO, Severity.WARNING
ERROR, UNKNOWN = Severity.ERROR, Severity.UNKNOWN
NS1, NS2 = "ns1.nic.example", "ns2.nic.example"


@dataclass
class Net:
    """A resolver that has the root, and two servers of harbor.example."""

    root: Responder
    first: Responder
    second: Responder

    def found(self) -> list[Finding]:
        return list(servers.servers(fleet(), of(self.names)))

    @property
    def names(self) -> Resolver:
        return Resolver([self.root.address], self.root.port)


@pytest.fixture(name="net")
def _net(monkeypatch: pytest.MonkeyPatch) -> Iterator[Net]:
    monkeypatch.setattr(resolver, "PATIENCE", 0.2)
    monkeypatch.setattr(authority, "LIFETIME", 1)
    with ExitStack() as stack:
        root = stack.enter_context(Responder("127.0.0.1"))
        both = [
            stack.enter_context(Responder(f"127.0.0.{number}", root.port, "harbor.example"))
            for number in (2, 3)
        ]
        zone = {
            ("harbor.example", "SOA"): [soa("harbor.example")],
            ("harbor.example", "NS"): [domain(NS1), domain(NS2)],
        }
        where = {(NS1, "A"): [a("127.0.0.2")], (NS2, "A"): [a("127.0.0.3")]}
        root.answers = {
            **zone,
            **where,
            ("", "NS"): [domain("root.nic.example")],
            ("", "SOA"): [soa("nic.example")],
            ("root.nic.example", "A"): [a("127.0.0.1")],
        }
        for one in both:
            one.answers = dict(zone)
        yield Net(root, *both)


def worst(net: Net) -> tuple[Severity, str]:
    """Return the one finding that is not ok."""
    (finding,) = [one for one in net.found() if one.severity is not OK]
    assert finding.fix
    return finding.severity, finding.saw


def test_servers_that_agree_are_ok(net: Net) -> None:
    assert [(one.severity, one.saw) for one in net.found()] == [
        (OK, f"{NS1} (127.0.0.2), {NS2} (127.0.0.3): serial 1"),
        (OK, f"harbor.example is delegated to {NS1}, {NS2}, as in its NS records"),
    ]


def test_a_server_without_authority_is_lame(net: Net) -> None:
    net.second.flags = RESPONSE

    assert worst(net) == (
        ERROR,
        f"{NS2} (127.0.0.3) is lame: not authoritative for the zone",
    )


@pytest.mark.parametrize(("rcode", "word"), [(2, "SERVFAIL"), (5, "REFUSED"), (1, "FORMERR")])
def test_a_server_that_refuses_is_lame(net: Net, rcode: int, word: str) -> None:
    net.second.rcode = rcode

    assert worst(net) == (ERROR, f"{NS2} (127.0.0.3) is lame: answers {word}")


def test_a_server_without_the_zone_is_lame(net: Net) -> None:
    net.second.answers = {}

    assert worst(net) == (
        ERROR,
        f"{NS2} (127.0.0.3) is lame: it has no SOA record of the zone",
    )


def test_a_silent_name_server_is_named(net: Net) -> None:
    net.second.silent = True

    assert worst(net) == (ERROR, f"{NS2} (127.0.0.3) is lame: no answer within 0.2 s")


@pytest.mark.parametrize("nonsense", [b"\0", b"\x80" * 99, bytes(600)])
def test_a_name_server_that_answers_garbage_is_named(net: Net, nonsense: bytes) -> None:
    net.second.nonsense = nonsense

    severity, saw = worst(net)

    assert severity is ERROR
    assert saw.startswith(f"{NS2} (127.0.0.3) is lame: ")


def test_an_answer_that_does_not_fit_is_fetched_by_tcp(net: Net) -> None:
    net.second.truncating = True

    assert {one.severity for one in net.found()} == {OK}
    assert net.second.over_tcp > 0


def test_the_delegation_and_the_zone_name_the_same_servers(net: Net) -> None:
    for one in (net.first, net.second):
        one.answers["harbor.example", "NS"] = [domain(NS1)]

    assert worst(net) == (
        WARNING,
        f"harbor.example is delegated to {NS1}, {NS2}, but its NS records are {NS1}",
    )


def test_a_single_name_server_is_a_note(net: Net) -> None:
    for one in (net.root, net.first):
        one.answers["harbor.example", "NS"] = [domain(NS1)]

    assert worst(net) == (INFO, f"{NS1} is the only name server")


def test_a_server_without_an_address_is_lame(net: Net) -> None:
    del net.root.answers[NS2, "A"]

    assert worst(net) == (ERROR, f"{NS2} is lame: its name has no address")


def test_a_server_that_cannot_be_reached_is_unknown(
    net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolver, "routed", lambda address: address != "127.0.0.3")

    assert worst(net) == (UNKNOWN, f"{NS2}: it has no address that can be reached from here")


def test_a_silent_resolver_leaves_all_unknown(net: Net) -> None:
    net.root.silent = True

    severity, saw = worst(net)

    assert severity is UNKNOWN
    assert saw.startswith("not checked: harbor.example: its zone cannot be found")


@pytest.mark.parametrize("above", ["the root", "example"])
def test_a_domain_that_does_not_exist_is_not_delegated(net: Net, above: str) -> None:
    for rdtype in ("SOA", "NS"):
        del net.root.answers["harbor.example", rdtype]
    if above == "example":
        net.root.answers["example", "SOA"] = [soa("example")]
        net.root.answers["example", "NS"] = [domain("root.nic.example")]

    assert worst(net) == (ERROR, f"harbor.example is not delegated: the nearest zone is {above}")


def test_a_domain_that_does_not_exist_has_no_mail_hosts(net: Net) -> None:
    for rdtype in ("SOA", "NS"):
        del net.root.answers["harbor.example", rdtype]

    found = list(exchanges(fleet(), of(net.names)))

    assert [(one.severity, one.saw) for one in found] == [
        (ERROR, "root.nic.example (127.0.0.1): nothing")
    ]


class Trickling(Responder):
    """Has everybody come by TCP, and sends one octet there."""

    def _listen(self) -> None:
        while True:
            connection, _ = self.listener.accept()
            with connection:
                if not connection.recv(4096):
                    return
                connection.sendall(b"\0")
                connection.recv(1)  # until the other side has had enough


def test_a_slow_server_is_unanswered(net: Net) -> None:
    slow = "127.0.0.4"
    with Trickling(slow, net.root.port, "harbor.example") as server:
        server.truncating = True
        net.root.answers[NS2, "A"] = [a(slow)]

        assert worst(net) == (ERROR, f"{NS2} ({slow}) is lame: no answer within 0.2 s")


def test_serials_that_differ_are_a_warning() -> None:
    seen = {one.saw: one.severity for one in servers.servers(fleet(), of(two_servers(OLD)))}

    assert seen["ns1 (192.0.2.1) has serial 7, ns2 (192.0.2.2) has serial 6"] is WARNING


def test_an_ip_version_without_an_answer_is_unknown() -> None:
    silent = [Answer("ns2 (2001:db8::2)", problem="no answer within 2 s", silent=True)]

    seen = {one.severity: one.saw for one in servers.servers(fleet(), of(two_servers(silent)))}

    saw = "ns2 (2001:db8::2): no answer within 2 s; no server answered over IPv6"
    assert seen[UNKNOWN] == saw


def test_a_domain_that_is_not_registered_is_unknown() -> None:
    (finding,) = servers.servers(fleet(), of(Zone({})))

    assert finding.severity is UNKNOWN


OLD = [Answer("ns2 (192.0.2.2)", ("ns1.example. h.example. 6 1 1 1 1",))]


@pytest.mark.parametrize(
    ("values", "saw"),
    [
        ([], "nothing"),
        ([mx(0, "")[:-1]], '0 .: "." says that the domain receives no mail (null MX, RFC 7505)'),
        ([mx(10, "old.example")], "10 old.example."),
    ],
    ids=["no MX", "null MX", "another"],
)
def test_mx_records_without_a_destination_are_an_error_of_each_server(
    net: Net, values: list[bytes], saw: str
) -> None:
    for one in (net.root, net.first, net.second):
        one.answers["harbor.example", "MX"] = values

    found = list(exchanges(fleet(), of(net.names)))

    assert [(one.severity, one.saw) for one in found] == [
        (ERROR, f"{NS1} (127.0.0.2): {saw}"),
        (ERROR, f"{NS2} (127.0.0.3): {saw}"),
    ]


@pytest.mark.parametrize("fault", ["silent", "nonsense"])
def test_one_server_of_two_that_does_not_answer_is_unknown_to_every_question(
    net: Net, fault: str
) -> None:
    setattr(net.second, fault, b"nonsense" * 9 if fault == "nonsense" else True)

    found = list(exchanges(fleet(), of(net.names)))

    assert [one.severity for one in found] == [ERROR, UNKNOWN]


def test_no_resolver_no_delegation(net: Net) -> None:
    net.root.silent = True

    with pytest.raises(UnansweredError):
        net.names.delegation("harbor.example")
