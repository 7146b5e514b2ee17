"""Greetings and replies to EHLO: names, versions and extensions, good and bad."""

from dataclasses import replace
from pathlib import Path

import pytest

from deploys.checks.core.finding import Finding, Severity
from deploys.checks.core.world import Answer, Names
from deploys.checks.smtp.greeting import greetings
from deploys.mail.settings.model import Fleet
from tests.checks.raw_servers import BANNER, EHLO, raw, speaks
from tests.checks.worlds import Gone, Zone, fleet, target, world

OK, INFO, WARNING = Severity.OK, Severity.INFO, Severity.WARNING
ERROR, UNKNOWN = Severity.ERROR, Severity.UNKNOWN


def asked(
    folder: Path,
    banner: bytes = BANNER,
    ehlo: bytes = EHLO,
    names: Names | None = None,
    own: Fleet | None = None,
) -> list[Finding]:
    """Check the greeting of a server; it is a target's if there are names to look up."""
    with raw(speaks(banner, ehlo)) as port:
        here = world(folder, port=port, timeout=2)
        whole = target() if names else own or fleet()
        return list(greetings(whole, replace(here, names=names) if names else here))


@pytest.mark.parametrize(
    ("banner", "severity", "saw"),
    [
        (b"220 mx1.harbor.example ESMTP", OK, "answers as mx1.harbor.example"),
        (b"220 MX1.harbor.example", OK, "answers as MX1.harbor.example"),
        (b"220-mx1.harbor.example ESMTP\r\n220 no spam 24.11.2026 please", OK, "answers as"),
        (b"220 mx1.harbor.example ESMTP 5b1f17b1804b1-4321.1 - gsmtp", OK, "answers as"),
        (b"220 mx1.harbor.example ready [192.0.2.1]", OK, "answers as"),
        (b"220 mx1.harbor.example ESMTP Exim 4.96 Sun, 04 Oct", WARNING, "shows Exim 4.96"),
        (b"220 mx1.harbor.example ESMTP Sendmail 8.17.1/8.17.1", WARNING, "Sendmail 8.17.1"),
        (b"220 mx1.harbor.example ESMTP Postfix (3.7.11)", WARNING, "Postfix (3.7.11"),
        (b"220 mx1.harbor.example MAIL Service, Version: 10.0.14393 ready", WARNING, "10.0.14393"),
        (b"220 mx2.harbor.example ESMTP", ERROR, "not with mx1.harbor.example"),
        (b"220 localhost ESMTP", ERROR, "'localhost', which is no fully qualified name"),
        (b"220 mx1 ESMTP", ERROR, "no fully qualified name"),
        (b"220 [127.0.0.1] ESMTP", ERROR, "no fully qualified name"),
        (b"220 127.0.0.1 ESMTP", ERROR, "no fully qualified name"),
        (b"220 ", ERROR, "begins its greeting with ''"),
        (b"220 \x1b[31m\xff\x00 ESMTP", ERROR, "no fully qualified name"),
        (b"220 " + b"x" * 4000, ERROR, "no fully qualified name"),
    ],
)
def test_a_greeting_is_checked_by_its_name_and_its_version(
    tmp_path: Path, banner: bytes, severity: Severity, saw: str
) -> None:
    (finding,) = asked(tmp_path, banner + b"\r\n")

    assert finding.severity is severity
    assert saw in finding.saw
    assert len(finding.saw) < 500


@pytest.mark.parametrize(
    ("ehlo", "severity", "saw"),
    [
        (EHLO, OK, "SMTPUTF8"),
        (EHLO.lower(), OK, "SMTPUTF8"),
        (EHLO.replace(b"SMTPUTF8", b"HELP"), INFO, "without SMTPUTF8"),
        (EHLO.replace(b"250-PIPELINING\r\n", b""), WARNING, "does not offer PIPELINING"),
        (b"250 mx1.harbor.example\r\n", WARNING, "PIPELINING, SIZE, 8BITMIME"),
        (EHLO.replace(b"mx1.", b"mx2."), ERROR, "reply to EHLO with 'mx2.harbor.example'"),
        (EHLO.replace(b"mx1.harbor.example", b"Hello [127.0.0.1]"), ERROR, "'Hello'"),
        (b"502 5.5.1 not implemented\r\n", ERROR, "does not answer EHLO"),
    ],
)
def test_a_reply_to_ehlo_is_checked_by_its_name_and_its_extensions(
    tmp_path: Path, ehlo: bytes, severity: Severity, saw: str
) -> None:
    (finding,) = asked(tmp_path, ehlo=ehlo)

    assert finding.severity is severity
    assert saw in finding.saw


def test_a_host_with_mailboxes_need_not_offer_smtputf8(tmp_path: Path) -> None:
    box = {"password": "$6$" + "a" * 8 + "$" + "b" * 86}
    own = fleet({"mail_mailboxes": {"anna@harbor.example": box}})

    (finding,) = asked(tmp_path, ehlo=EHLO.replace(b"SMTPUTF8", b"HELP"), own=own)

    assert (finding.severity, "its mailboxes cannot" in finding.saw) == (OK, True)


@pytest.mark.parametrize(
    ("names", "severity"),
    [
        (Zone({("mx9.harbor.example", "A"): [Answer("ns", ("127.0.0.1",))]}), OK),
        (Zone({("mx9.harbor.example", "A"): [Answer("ns", ("192.0.2.9",))]}), WARNING),
        (Zone({}), WARNING),
        (Gone(), UNKNOWN),
    ],
    ids=["its own", "another host's", "of no address", "no answer"],
)
def test_a_target_may_have_another_name_that_leads_to_it(
    tmp_path: Path, names: Names, severity: Severity
) -> None:
    found = asked(
        tmp_path, BANNER.replace(b"mx1", b"mx9"), EHLO.replace(b"mx1", b"mx9"), names=names
    )

    assert {finding.severity for finding in found} == {severity}


def test_a_server_that_does_not_answer_is_not_checked(tmp_path: Path) -> None:
    (finding,) = greetings(fleet(), world(tmp_path, port=1))

    assert finding.severity is UNKNOWN
    assert "refused the connection" in finding.saw
