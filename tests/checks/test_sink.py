"""A sink accepts mail to its one recipient, and checks it as a receiver does."""

import smtplib
import socket
from collections.abc import Iterator
from dataclasses import replace
from email.parser import BytesParser
from email.policy import default
from pathlib import Path

import pytest
from pydantic import ValidationError

from deploys.checks.clients.bounded_smtplib import unverified
from deploys.checks.clients.endpoint import Endpoint
from deploys.checks.clients.message import TestMessage
from deploys.checks.core.finding import Finding, Severity
from deploys.checks.core.world import Answer, World
from deploys.checks.delivery import authentication, dkim, hops, integrity
from deploys.checks.delivery.exchange import Delivery, exchange
from deploys.checks.delivery.sink import open_sink
from deploys.checks.delivery.test_messages import Route, routes
from deploys.mail.settings.verification import Sink, Verification
from tests.checks.signing import KEYS, signed
from tests.checks.worlds import Zone, fleet, inspected, world

SENDER, ADDRESS = "postmaster@harbor.example", "probe@[127.0.0.1]"
MESSAGE = TestMessage("run-1", SENDER, ADDRESS, SENDER)
WIRE = MESSAGE.compose().replace(b"\n", b"\r\n")


def closed_sink() -> Sink:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return Sink(address=ADDRESS, listen="127.0.0.1", port=free.getsockname()[1])


@pytest.fixture(name="sink")
def _sink() -> Sink:
    return closed_sink()


@pytest.fixture(name="opened", scope="module")
def _opened() -> Iterator[Sink]:
    """A sink for all tests that need nothing of it but its replies."""
    sink = closed_sink()
    with open_sink(sink):
        yield sink


def dns_of(spf: str) -> Zone:
    """Return a DNS with an SPF policy, and the keys that sign."""
    texts = {
        "harbor.example": spf,
        "_dmarc.harbor.example": "v=DMARC1; p=reject",
        **{
            f"mx1-{algorithm}._domainkey.harbor.example": f"v=DKIM1; k={algorithm}; p={key}"
            for algorithm, key in KEYS.items()
        },
    }
    return Zone({(name, "TXT"): [Answer("ns", (text,))] for name, text in texts.items()})


@pytest.fixture(name="here")
def _here(tmp_path: Path) -> World:
    return replace(world(tmp_path, patience=20), names=dns_of("v=spf1 ip4:127.0.0.1 -all"))


@pytest.fixture(name="client")
def _client(opened: Sink) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP(opened.listen, opened.port, "mx1.harbor.example") as client:
        yield client


def judged(one: Delivery, here: World) -> list[Finding]:
    inspections = (authentication.results, dkim.results, integrity.contents, hops.paths)
    return [finding for each in inspections for finding in inspected(each, [one], here.names)]


def sent(sink: Sink, raw: bytes, here: World) -> Delivery:
    with (
        open_sink(sink) as one,
        smtplib.SMTP(sink.listen, sink.port, "mx1.harbor.example") as client,
    ):
        client.starttls(context=unverified())
        client.sendmail(SENDER, [ADDRESS], raw, ["BODY=8BITMIME"])
        found = one.wait(here, [MESSAGE.id])
    route = Route(MESSAGE, "mx1", "harbor.example", (sink,))
    return Delivery(route, received=found[MESSAGE.id])


def test_an_accepted_message_is_checked_as_at_any_receiver(sink: Sink, here: World) -> None:
    whole = sent(sink, signed(MESSAGE.compose()).replace(b"\n", b"\r\n"), here)

    found = judged(whole, here)

    assert {(one.id, one.severity) for one in found} == {
        ("delivery.spf", Severity.OK),
        ("delivery.dkim", Severity.OK),
        ("delivery.dmarc", Severity.OK),
        ("delivery.intact", Severity.OK),
        ("delivery.headers", Severity.OK),
        ("delivery.hops", Severity.OK),
    }
    assert "by TLS" in next(one.saw for one in found if one.id == "delivery.hops")


def test_a_forged_or_changed_message_is_found(sink: Sink, here: World) -> None:
    raw = signed(MESSAGE.compose()).replace(b"0123456789", b"012345678 9", 1)
    nobody = replace(here, names=dns_of("v=spf1 -all"))

    found = judged(sent(sink, raw.replace(b"\n", b"\r\n"), nobody), here)

    failed = {one.id for one in found if one.severity is Severity.ERROR}
    assert failed == {"delivery.spf", "delivery.dkim", "delivery.dmarc", "delivery.intact"}


def test_a_message_goes_to_it_and_is_found_in_it(sink: Sink, here: World) -> None:
    route = Route(MESSAGE, Endpoint("sink", sink.listen, sink.port), "harbor.example", (sink,))

    (delivery,) = exchange([route], here)

    assert delivery.received
    trace = BytesParser(policy=default).parsebytes(delivery.received.raw)["Received"]
    assert "[127.0.0.1]" in trace
    assert "by sink.verification.invalid with ESMTPS" in trace


def test_nothing_is_sent_to_one_that_cannot_be_opened(sink: Sink, here: World) -> None:
    route = Route(MESSAGE, "mx1", "harbor.example", (sink,))

    with socket.create_server((sink.listen, sink.port)):
        (delivery,) = exchange([route], here)

    assert (
        delivery.problem
        == f"port {sink.port} of this machine could not be opened: Address already in use"
    )
    assert delivery.submitted is None


def test_it_is_closed_with_the_run(sink: Sink) -> None:
    with open_sink(sink):
        pass

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((sink.listen, sink.port))


@pytest.mark.parametrize("address", ["other@[127.0.0.1]", "probe@elsewhere.example", "probe"])
def test_mail_to_other_recipients_is_refused(client: smtplib.SMTP, address: str) -> None:
    client.ehlo()
    client.mail(SENDER)

    code, text = client.rcpt(address)

    assert (code, text[:5]) == (550, b"5.1.1")


def test_a_message_that_is_too_large_is_refused(client: smtplib.SMTP) -> None:
    with pytest.raises(smtplib.SMTPSenderRefused, match="552"):
        client.sendmail(SENDER, [ADDRESS], b"x" * (1 << 20) + b"\r\n")


def test_the_sink_survives_a_client_that_sends_garbage(sink: Sink, here: World) -> None:
    with open_sink(sink) as one:
        with socket.create_connection((sink.listen, sink.port)) as wild:
            wild.sendall(b"\xff\x00 garbage\r\n" * 20)
        with smtplib.SMTP(sink.listen, sink.port, "a\x01 strange(") as client:
            client.sendmail(SENDER, [ADDRESS], WIRE, ["BODY=8BITMIME"])
        found = one.wait(here, [MESSAGE.id])

    assert set(found) == {MESSAGE.id}


def test_a_lost_message_is_waited_for_as_long_as_the_world_says(sink: Sink, here: World) -> None:
    with open_sink(sink) as one:
        assert one.wait(replace(here, patience=0.2), ["run-9"]) == {}


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("probe@sink.harbor.example", "sink.harbor.example"),
        ("probe@[192.0.2.9]", "sink.verification.invalid"),
        ("probe@[IPv6:2001:db8::9]", "sink.verification.invalid"),
        ({"address": "probe@sink.harbor.example", "port": 2525}, "sink.harbor.example"),
    ],
    ids=str,
)
def test_the_sink_greets_with_the_domain_of_its_address(value: object, name: str) -> None:
    found = Verification.model_validate({"sink": value}).sink

    assert found
    assert found.name == name


@pytest.mark.parametrize("value", ["probe", "probe@", "@x.example", "a b@x.example", "p@[x]"])
def test_an_invalid_address_is_refused(value: str) -> None:
    with pytest.raises(ValidationError):
        Verification.model_validate({"sink": value})


def test_without_a_sink_none_is_opened() -> None:
    assert Verification.model_validate({"sink": ""}).sink is None


def test_every_host_writes_to_it_and_every_account() -> None:
    paths = {one.path for one in routes(fleet({"verify_sink": ADDRESS}, witness=False))}

    assert f"mx1 -> {ADDRESS}" in paths
    assert any(path.startswith("mx1 -> no-such-user-") for path in paths)
