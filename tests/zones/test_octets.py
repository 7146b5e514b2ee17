"""Octets beyond ASCII in policies of others: kept, written, and found again at the name servers."""

from typing import Any

import pytest
from octodns.zone import Zone

from deploys.dns.query import Server
from deploys.mail.errors import MailError
from deploys.mail.records import records_for
from deploys.mail.settings.inventory import fleet_from
from deploys.zones.apply import apply
from deploys.zones.model import recordsets
from deploys.zones.model.changes import ExpectedAnswer
from deploys.zones.plan import ZonePlan, plan
from deploys.zones.propagation.poll import Question, wait
from deploys.zones.providers.loader import load
from tests.zones.configurations import configured, given, reached
from tests.zones.fleets import DNS, HARBOR, harbor, host, served
from tests.zones.memory import RecordSets
from tests.zones.responder import Responder
from tests.zones.stand_ins import DesecApi, PowerDnsApi

pytestmark = pytest.mark.filterwarnings("ignore:.Record.rrs:DeprecationWarning")  # octodns-desec
DMARC = f"_dmarc.{HARBOR}"
BOOKS = "b\\195\\188cher.example"
OCTETS = {DMARC: "v=DMARC1; p=quarantine; rua=mailto:dmarc@bücher.example".encode()}


def zone(spf: str = "v=spf1 -all") -> RecordSets:
    held: RecordSets = {key: (3600, values) for key, (_, values) in harbor().items()}
    return held | {
        (HARBOR, "TXT"): (3600, (f'"{spf}"',)),
        (DMARC, "TXT"): (3600, (f'"v=DMARC1; p=none; rua=mailto:dmarc@{BOOKS}"',)),
    }


def planned(configuration: dict[str, Any]) -> ZonePlan:
    fleet = fleet_from({"mx1": host(1, HARBOR, mail_dmarc="quarantine")}, {})
    records = [record for record in records_for(fleet, ["mx1"]) if record.type != "PTR"]
    return plan(load(configuration), HARBOR, records)


def configuration(name: str, monkeypatch: pytest.MonkeyPatch, held: RecordSets) -> dict[str, Any]:
    """Serve a zone at a provider: in memory as octets, or as an API that shows escapes."""
    given(monkeypatch)
    if name == "memory":
        served(harbor=held)
        return DNS
    reached(monkeypatch, {"powerdns": PowerDnsApi, "desec": DesecApi}[name](held))
    return configured(name)


def seen(expected: ExpectedAnswer, *texts: bytes) -> bool:
    """Ask a name server that answers with these texts."""
    with Responder("127.0.0.2") as server:
        server.answers = {(expected.name, "TXT"): [bytes([len(one)]) + one for one in texts]}
        asked = Question(HARBOR, Server("ns1", server.address, server.port), expected)
        return not wait([asked], 0).wrong


@pytest.mark.parametrize("name", ["memory", "powerdns", "desec"])
def test_a_policy_with_octets_beyond_ascii_is_rewritten_and_found(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_to = configuration(name, monkeypatch, zone())
    first = planned(given_to)
    apply(first)

    policies = {e.name: e for e in first.expected if e.type == "TXT" and e.name in OCTETS}
    assert policies.keys() == OCTETS.keys()
    for where, expected in policies.items():
        assert seen(expected, OCTETS[where])
        assert not seen(expected, OCTETS[where].replace("ü".encode(), b"ue"))
    assert planned(given_to).changes == ()


@pytest.mark.parametrize("name", ["memory", "powerdns", "desec"])
def test_an_spf_policy_with_octets_beyond_ascii_is_broken_and_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = zone(f"v=spf1 include:{BOOKS} ~all")
    before = dict(held)

    with pytest.raises(MailError, match="where only printable ASCII is allowed"):
        planned(configuration(name, monkeypatch, held))
    assert held == before


TEXT = "v=spf1 include:bücher.example ~all"


@pytest.mark.parametrize(
    ("present", "absent", "answer", "right"),
    [
        (TEXT, "", TEXT.encode(), True),
        (TEXT.replace("ü", "\\195\\188"), "", TEXT.encode(), True),
        (TEXT.replace("ü", "\\303\\274"), "", TEXT.encode(), True),  # Route 53's are octal
        (TEXT.replace("ü", "\\195\\164"), "", TEXT.encode(), False),
        (TEXT.replace("ü", "\\999"), "", TEXT.encode(), False),
        ('say \\"a\\"', "", b'say "a"', True),
        ('say \\"a\\"', "", b'say \\"a\\"', True),
        ('say \\"a\\"', "", b"say a", False),
        (TEXT, TEXT.replace("ü", "\\195\\188"), TEXT.encode(), True),
    ],
)
def test_texts_are_compared_as_octets_whatever_their_escapes(
    present: str,
    absent: str,
    answer: bytes,
    right: bool,  # noqa: FBT001 - a column of the table
) -> None:
    texts = [(recordsets.rdata("TXT", text),) if text else () for text in (present, absent)]

    assert seen(ExpectedAnswer(HARBOR, "TXT", *texts), answer) is right


def test_an_old_text_that_is_still_there_is_recognised_by_its_octets() -> None:
    old = recordsets.rdata("TXT", TEXT.replace("ü", "\\195\\188"))
    expected = ExpectedAnswer(HARBOR, "TXT", ('"v=spf1 mx ~all"',), (old,))

    assert seen(expected, b"v=spf1 mx ~all")
    assert not seen(expected, b"v=spf1 mx ~all", TEXT.encode())


def test_a_long_text_is_cut_by_octets_and_reads_the_same() -> None:
    text = "ü" * 200
    (value,) = recordsets.new_values(Zone(f"{HARBOR}.", []), ("", "TXT"), [text])

    shown = recordsets.rdata("TXT", text)
    assert value.to_raw_text() == text
    assert shown.isascii()
    assert [len(part) // 4 for part in shown.strip('"').split('" "')] == [255, 145]
