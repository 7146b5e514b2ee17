"""Every recipient of the inventory is tried, up to a limit."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from deploys.checks.core.finding import Finding
from deploys.checks.delivery.recipients import recipients
from tests.checks.smtp_servers import CatchAll, Handler, NoAbuse, serving
from tests.checks.worlds import fleet, world


class Counting(CatchAll):
    """Counts what it is asked for, and answers all alike."""

    def __init__(self, answer: str = "250 2.1.5 Ok") -> None:
        super().__init__()
        self.asked: list[str] = []
        self._answer = answer

    def answer(self, address: str) -> str:
        self.asked.append(address)
        return self._answer


def found(
    folder: Path, handler: Handler, data: Mapping[str, object] | None = None
) -> list[Finding]:
    with serving(handler) as port:
        return list(recipients(fleet(data), world(folder, port=port)))


def aliases(count: int) -> dict[str, object]:
    return {"mail_aliases": {f"sailor{number}": "root" for number in range(count)}}


def test_every_address_of_a_domain_is_accepted(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, Counting(), aliases(60))

    assert (finding.severity, finding.subject) == ("ok", "harbor.example")
    accepted = "mx1 at 127.0.0.1 accepts 62 of 62 recipients"
    assert finding.saw == f"{accepted}, all that this run tried"


def test_of_a_catch_all_an_address_that_is_no_recipient_is_tried(tmp_path: Path) -> None:
    handler = Counting()

    (finding,) = found(tmp_path, handler, {"mail_aliases": {"@harbor.example": "root"}})

    assert finding.severity == "ok"
    assert [one for one in handler.asked if one.startswith("no-such-user-")]
    assert all(one.partition("@")[0] for one in handler.asked)


def test_an_address_that_is_refused_is_named_with_the_answer(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, NoAbuse())

    assert finding.severity == "error"
    assert "RCPT TO:<abuse@harbor.example>: 550 5.1.1 who is that" in finding.saw
    assert finding.fix


@pytest.mark.parametrize(
    ("answer", "severity"), [("550 5.1.1 no", "error"), ("450 4.2.0 later", "unknown")]
)
def test_a_server_that_refuses_all_is_not_asked_further(
    tmp_path: Path, answer: str, severity: str
) -> None:
    handler = Counting(answer)

    findings = found(tmp_path, handler, aliases(300))

    assert {finding.severity for finding in findings} == {severity}
    assert len(handler.asked) == 8


def test_at_most_two_hundred_recipients_are_tried(tmp_path: Path) -> None:
    handler = Counting()

    (finding,) = found(tmp_path, handler, aliases(300))

    assert len(handler.asked) == 200
    assert "accepts 200 of 302 recipients" in finding.saw


def test_a_silent_server_is_unknown(tmp_path: Path) -> None:
    (finding,) = recipients(fleet(), world(tmp_path, port=1))

    assert finding.severity == "unknown"
    assert "tried 0 of 2 recipients" in finding.saw
    assert "refused the connection" in finding.saw
