"""Hops of a message, by its Received headers and the mail logs."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from deploys.checks.core.finding import Severity
from deploys.checks.core.world import UnansweredError
from deploys.checks.delivery import hops
from deploys.checks.delivery.exchange import Delivery, LogEntry
from deploys.checks.delivery.host_commands import Received
from deploys.checks.delivery.mail_log import parsed, with_log
from deploys.checks.delivery.received_header import ReceivedHeader, received_headers
from tests.checks.cases.delivery_content import INWARD, TRACE, delivered
from tests.checks.worlds import Machine, fleet, inspected, world

DATE = "Mon, 5 Oct 2026 09:30:02 +0000"


def only(text: str) -> ReceivedHeader:
    (header,) = received_headers(f"Received: {text}; {DATE}\nSubject: x\n\nbody\n".encode())
    return header


@pytest.mark.parametrize(
    ("text", "by", "address", "secure", "between"),
    [
        ("from a.b (c [192.0.2.1]) by mx.x (Postfix) with ESMTPS id 1", "mx.x", "192.0.2.1", 1, 1),
        ("from a.b (c [192.0.2.1]) by mx.x (Postfix) with ESMTP id 1", "mx.x", "192.0.2.1", 0, 1),
        ("from a.b (c [192.0.2.1]) by mx.x with UTF8SMTPSA id 1", "mx.x", "192.0.2.1", 1, 1),
        (
            "from a ([IPv6:2001:db8::1]) by mx.x with esmtps (TLS1.3) tls TLS_AES (Exim 4)",
            "mx.x",
            "2001:db8::1",
            1,
            1,
        ),
        ("from a (192.0.2.1) by mx.x with SMTP; version=TLS1_2", "mx.x", "", 1, 0),
        ("from localhost (localhost [127.0.0.1]) by mx.x with ESMTP", "mx.x", "127.0.0.1", 0, 0),
        ("from mx (mx [192.0.2.1]) by mx.x with LMTP id 1", "mx.x", "192.0.2.1", 0, 0),
        ("from root by mx.x with local (Exim 4.98) id 1", "mx.x", "", 0, 0),
        ("by mx.x (Postfix, from userid 0) id 1", "mx.x", "", 0, 0),
        # A client names itself: what it says is no word of the server's.
        (
            "from TLS (by evil.x with ESMTPS [192.0.2.1]) by mx.x with SMTP",
            "mx.x",
            "192.0.2.1",
            0,
            1,
        ),
    ],
)
def test_a_received_header_is_read(
    text: str, by: str, address: str, secure: int, between: int
) -> None:
    header = only(text)

    assert (header.by, header.address) == (by, address)
    assert (header.secure, header.between_hosts) == (bool(secure), bool(between))


@pytest.mark.parametrize("text", ["", ";;;", "from", "from (((( by ))))", "by [::", "\x00\xff"])
def test_a_received_header_that_cannot_be_read_is_an_empty_one(text: str) -> None:
    (header,) = received_headers(f"Received: {text}; not a date\n\nbody\n".encode())

    assert header.at is None
    assert not header.between_hosts


def test_no_more_than_some_received_headers_are_read() -> None:
    assert len(received_headers(b"Received: by x; y\n" * 5000 + b"\n")) == 30


def severities(deliveries: Iterable[Delivery]) -> list[Severity]:
    return [one.severity for one in inspected(hops.paths, deliveries)]


def test_clear_text_is_an_error_at_our_hosts_and_a_warning_at_others() -> None:
    clear = TRACE.replace(b"ESMTPS", b"ESMTP")

    assert severities([delivered()]) == [Severity.OK]
    assert severities([delivered(trace=INWARD)]) == [Severity.ERROR]
    assert severities([delivered(trace=clear)]) == [Severity.WARNING]
    assert severities([delivered(trace=b"")]) == [Severity.ERROR]
    assert severities([replace(delivered(), received=None)]) == [Severity.UNKNOWN]


def test_seconds_are_between_dates_and_those_of_the_log_are_exact() -> None:
    whole = delivered()
    first, last = hops.hops_of(whole)
    logged = LogEntry("faraway.example:25", 0.35, "0.1/0/0.2/0.05", "2.0.0", "sent")
    exact, _ = hops.hops_of(replace(whole, log={("mx1.harbor.example", "4A0"): logged}))

    assert (first.name, first.tls, first.seconds) == ("mx1.harbor.example", None, 1)
    assert (last.name, last.tls, last.seconds) == ("mail.faraway.example", True, 0)
    assert (exact.seconds, exact.delays, exact.queue_id) == (0.35, "0.1/0/0.2/0.05", "4A0")


def test_clocks_that_disagree_make_no_negative_seconds() -> None:
    late = TRACE.replace(b"09:30:01", b"09:40:00")

    assert [hop.seconds for hop in hops.hops_of(delivered(trace=late))] == [0, 0]


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        (
            (
                "Nov 25 mx1 postfix/smtp[1]: 3501023E90A: to=<a@b>, relay=c[192.0.2.1]:25, "
                "conn_use=2, delay=0.19, delays=0.05/0.07/0.06/0.01, dsn=2.0.0, status=sent (ok)"
            ),
            ["3501023E90A"],
        ),
        (
            (
                "4XyZ12abcDz1: to=<a@b>, orig_to=<c>, relay=local, delay=1, delays=1/0/0/0, "
                "dsn=4.2.0, status=deferred (full)"
            ),
            ["4XyZ12abcDz1"],
        ),
        ("3501023E90A: from=<a@b>, size=636, nrcpt=1 (queue active)", []),
        ("3501023E90A: to=<a@b>, relay=none, delay=x, delays=y, dsn=z, status=sent", []),
        ("\x00" * 900, []),
    ],
)
def test_a_log_is_read(line: str, ids: Sequence[str]) -> None:
    assert list(parsed([line])) == ids


def arrived(host: str = "mx1") -> tuple[Delivery, ...]:
    trace = INWARD.replace(b"id 4A2", b"id 4A1").replace(b"mx1", host.encode())
    return (delivered(trace=trace), delivered(trace=TRACE))


def test_each_log_is_searched_for_the_queue_ids_of_its_host(tmp_path: Path) -> None:
    first, other = with_log(arrived(), fleet(), world(tmp_path))

    assert [(key, one.seconds) for key, one in first.log.items()] == [
        (("mx1.harbor.example", "4A1"), 0.25)
    ]
    assert not other.log


def test_a_host_without_a_log_has_no_entries(tmp_path: Path) -> None:
    here = world(tmp_path)
    assert isinstance(here.hosts, Machine)
    here.hosts.tool("journalctl", "#!/bin/sh\nexit 1\n")

    assert not any(one.log for one in with_log(arrived(), fleet(), here))


def test_a_silent_host_has_no_entries(tmp_path: Path) -> None:
    here = world(tmp_path)

    def silent(*_: object) -> list[str]:
        raise UnansweredError("mx1 did not answer")

    here.hosts.run = silent  # type: ignore[method-assign, assignment]

    assert not any(one.log for one in with_log(arrived(), fleet(), here))


def test_an_invalid_queue_id_is_not_searched_for(tmp_path: Path) -> None:
    here = world(tmp_path)
    assert isinstance(here.hosts, Machine)
    here.hosts.run = lambda *_: pytest.fail("asked")  # type: ignore[method-assign]
    evil = Received(1.0, b"Received: by mx1.harbor.example id $(reboot)'|x; y\n\n")

    assert not any(
        one.log for one in with_log([replace(delivered(), received=evil)], fleet(), here)
    )
