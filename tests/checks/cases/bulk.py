"""Bulk streams whose results, bounces and suppressed recipients are as they should be, or not."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from deploys.checks.clients.endpoint import SubmissionEndpoint
from deploys.checks.core.finding import Finding
from deploys.checks.delivery.verp import bounces
from deploys.checks.smtp.suppression import replies
from deploys.mail.report_store import day_of, days_before
from deploys.mail.settings.secret import file
from tests.checks.cases.host import BULK, snapshot_case
from tests.checks.cases.pair import Case, Pair
from tests.checks.smtp_servers import Submission, certified, serving
from tests.checks.snapshots import NOW
from tests.checks.worlds import fleet, world

NEWS, CAPTAIN = "news@harbor.example", "captain@harbor.example"
SUPPRESSED = "550 5.7.1 <anna>: Recipient address rejected: Suppressed since 2026-11-30"


def result(back: int = 0, receiver: str = "google", **counts: int) -> dict[str, object]:
    """Return the results of a day so many days ago."""
    return {"day": days_before(day_of(NOW), back), "receiver": receiver, **counts}


def counted(*results: dict[str, object]) -> Case:
    """Check a host that has counted these results."""
    return snapshot_case(BULK, results=[json.dumps(results)])


@dataclass
class StreamHost:
    """A host whose store has suppressions, and which has read a test's bounce or not."""

    said: str = "250 2.0.0 Ok"
    found: Mapping[str, object] | None = None
    suppressed: str = ""

    def run(self, _name: str, command: str, lines: Sequence[str], _limit: float) -> list[str]:
        request = json.loads(lines[0])
        if "seconds" in request:
            assert request["sender"] == NEWS
            assert "smtplib" in command
            return [json.dumps({"sent": self.said, "found": self.found})]
        if request["verb"] == "put":
            self.suppressed = request["rows"][0]["recipient"]
            return ["1"]
        before, self.suppressed = self.suppressed, ""
        return [str(int(before in request["recipients"]))]


def bounced(host: StreamHost) -> Case:
    def case(folder: Path) -> Iterable[Finding]:
        return bounces(fleet(BULK), replace(world(folder), hosts=host))

    return case


class StreamSubmission(Submission):
    """Refuses suppressed recipients to the stream's account, or with some other rule."""

    def __init__(
        self, host: StreamHost, reply: str = SUPPRESSED, senders: Sequence[str] = (NEWS,)
    ) -> None:
        super().__init__()
        self.host, self._reply, self._senders = host, reply, senders

    def answer_to(self, sender: str, address: str) -> str:
        refused = sender in self._senders and address == self.host.suppressed
        return self._reply if refused else "250 2.1.5 Ok"


class Closed(StreamSubmission):
    """Refuses every recipient."""

    def answer_to(self, sender: str, address: str) -> str:  # noqa: ARG002 - it looks at nothing
        return SUPPRESSED


def asked(server: StreamSubmission, *, ordinary: bool = True) -> Case:
    """Ask a server as the stream's account, and as an ordinary one."""

    def case(folder: Path) -> Iterable[Finding]:
        (folder / "password").write_text("ahoy\n")
        with serving(server, certified(folder)) as port:
            news, captain = (
                SubmissionEndpoint(
                    "mx1", "127.0.0.1", port, login=one, password=file(folder / "password")
                )
                for one in (NEWS, CAPTAIN)
            )
            here = replace(world(folder), hosts=server.host)
            return list(replies(news, captain if ordinary else None, fleet(BULK).hosts[0], here))

    return case


READ = {"kind": "hard", "reason": "550 5.1.1 User unknown"}
CASES: Mapping[str, Pair] = {
    "bulk.rates": Pair(
        counted(result(delivered=5000, bounced=20, complained=4)),
        counted(result(delivered=5000, bounced=20, complained=16)),
        lab_test="test_bounces.test_the_checks_of_the_stream_pass_and_fail",
    ),
    "bulk.suppression": Pair(
        asked(StreamSubmission(StreamHost())),
        asked(StreamSubmission(StreamHost(), senders=())),
        lab_test="test_bounces.test_the_checks_of_the_stream_pass_and_fail",
    ),
    "bulk.verp": Pair(
        bounced(StreamHost(found=READ)),
        bounced(StreamHost()),
        lab_test="test_bounces.test_the_checks_of_the_stream_pass_and_fail",
    ),
}
