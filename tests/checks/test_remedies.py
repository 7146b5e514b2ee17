"""A remedy is for what was seen: a refusal for now is neither missing TLS nor a missing mailbox."""

import socket
import ssl
from itertools import chain
from pathlib import Path
from threading import Event

import pytest

from deploys.checks.core.finding import Finding, Severity
from deploys.checks.delivery.recipients import recipients as of_inventory
from deploys.checks.smtp.anonymous import recipients
from deploys.checks.smtp.connect import connections
from tests.checks.raw_servers import raw
from tests.checks.smtp_servers import Handler, NoPostmaster, certified, serving
from tests.checks.worlds import fleet, world

LATER = "see the mail log of mx1"


class Unavailable(Handler):
    """Refuses for now, as Postfix does while its milter is stopped."""

    def answer(self, address: str) -> str:
        del address
        return "451 4.7.1 Service unavailable - try again later"


def refuses_tls_for_now(connection: socket.socket, over: Event) -> None:
    connection.sendall(b"220 mx1 ESMTP\r\n")
    for answer in (
        b"250-mx1\r\n250 STARTTLS\r\n",
        b"454 4.7.0 TLS not available\r\n",
        b"221 Bye\r\n",
    ):
        connection.recv(1000)
        connection.sendall(answer)
    over.wait(1)


def fixes(folder: Path, port: int) -> dict[str, set[str]]:
    """Return the fixes of each check that did not pass."""
    here = world(folder, port=port)
    ours = fleet({"mail_aliases": {"captain": "root"}})
    found: list[Finding] = list(
        chain(connections(ours, here), recipients(ours, here), of_inventory(ours, here))
    )
    seen: dict[str, set[str]] = {}
    for one in found:
        if one.severity in (Severity.ERROR, Severity.UNKNOWN):
            seen.setdefault(one.id, set()).add(one.fix)
    return seen


@pytest.mark.parametrize(
    "id_", ["smtp.postmaster", "smtp.unknown_recipient", "delivery.recipients"]
)
def test_a_refusal_for_now_sends_the_operator_to_the_log(tmp_path: Path, id_: str) -> None:
    with serving(Unavailable(), certified(tmp_path)) as port:
        found = fixes(tmp_path, port)

    assert {fix.startswith(LATER) for fix in found[id_]} == {True}


def test_a_refusal_for_good_names_the_setting(tmp_path: Path) -> None:
    with serving(NoPostmaster(), certified(tmp_path)) as port:
        found = fixes(tmp_path, port)

    assert {fix.partition("> ")[2] for fix in found["smtp.postmaster"]} == {
        "to a person: mail_postmaster"
    }


def test_tls_that_is_not_offered_and_tls_that_fails_have_other_remedies(tmp_path: Path) -> None:
    with serving(Handler()) as port:
        missing = fixes(tmp_path, port)["smtp.starttls"]
    without_certificate = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    (tmp_path / "broken").mkdir()
    with serving(Handler(), without_certificate) as port:
        broken = fixes(tmp_path / "broken", port)["smtp.starttls"]

    assert {fix.startswith("set smtpd_tls_security_level = may") for fix in missing} == {True}
    assert {fix.startswith("name in smtpd_tls_chain_files") for fix in broken} == {True}


def test_tls_that_is_refused_for_now_is_not_missing(tmp_path: Path) -> None:
    with raw(refuses_tls_for_now) as port:
        found = list(connections(fleet(), world(tmp_path, port=port)))

    (starttls,) = (one for one in found if one.id == "smtp.starttls")
    assert "answered 454 4.7.0 TLS not available" in starttls.saw
    assert starttls.fix.startswith(LATER)
