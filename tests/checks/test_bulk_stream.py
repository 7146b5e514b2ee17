"""Results, bounces and suppressed recipients of a bulk stream, as each check sees them."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

import pytest

from deploys.checks import delivery
from deploys.checks.core.bulk import OWN_TEST
from deploys.checks.core.finding import Severity
from deploys.checks.core.world import UnansweredError
from deploys.checks.host.bulk_results import bulk_results
from deploys.checks.host.rates import rates
from deploys.host.bulk.event import BulkEvent, StoredEvent
from deploys.host.receivers.volume import Volume
from deploys.mail.report_store import day_of, days_before
from tests.checks.cases.bulk import (
    READ,
    SUPPRESSED,
    Closed,
    StreamHost,
    StreamSubmission,
    asked,
    bounced,
    counted,
    result,
)
from tests.checks.cases.pair import Case
from tests.checks.smtp_servers import AnySender, Handler, serving
from tests.checks.snapshots import NOW

OK, INFO, WARNING, ERROR = Severity.OK, Severity.INFO, Severity.WARNING, Severity.ERROR
UNKNOWN = Severity.UNKNOWN


@pytest.mark.parametrize(
    ("results", "severity", "words"),
    [
        ([], INFO, "no bulk message has left in 7 days"),
        ([result(8, delivered=9999)], INFO, "no bulk message has left in 7 days"),
        ([result(delivered=60, bounced=30)], OK, "90 messages in 7 days, too few for a rate"),
        (
            [result(delivered=990, bounced=10, complained=50)],
            OK,
            "1.00% of 1,000 messages bounced since yesterday; 1.00% of 1,000 messages bounced in",
        ),
        ([result(delivered=970, bounced=30)], INFO, "3.00% of 1,000 messages"),
        ([result(delivered=970, bounced=30)], INFO, "aim at 2.0%"),
        ([result(delivered=940, bounced=60)], WARNING, "6.00% of 1,000 messages"),
        ([result(delivered=940, bounced=60)], WARNING, "receivers accept up to 5.0%"),
        # Bounces that come back later are those of messages that were taken.
        ([result(delivered=1000, returned=60)], WARNING, "6.00% of 1,000 messages"),
        ([result(delivered=940, bounced=60, returned=60)], WARNING, "6.00% of 1,000 messages"),
        ([result(delivered=1000, complained=2)], INFO, "were reported as spam"),
        ([result(delivered=1000, complained=4)], WARNING, "0.40% of 1,000 messages"),
        ([result(delivered=1000, complained=4)], WARNING, "receivers accept up to 0.3%"),
        # One receiver alone, and the days of a week.
        (
            [result(delivered=1000, complained=5), result(receiver="yahoo", delivered=9000)],
            WARNING,
            "0.50% of 1,000 messages to google were reported as spam",
        ),
        ([result(5, delivered=900, bounced=100)], WARNING, "bounced in 7 days"),
    ],
)
def test_rates_are_those_of_a_day_and_a_week(
    results: Sequence[dict[str, object]], severity: Severity, words: str, tmp_path: Path
) -> None:
    (found,) = [one for one in counted(*results)(tmp_path) if one.id == "bulk.rates"]

    assert (found.subject, found.severity) == ("bounces.harbor.example", severity)
    assert words in found.saw


def test_rates_are_unknown_without_a_host_of_the_stream() -> None:
    assert rates("bounces.harbor.example", [UnansweredError("silent")], NOW).severity is UNKNOWN


def test_the_figures_are_those_that_the_host_has_counted(tmp_path: Path) -> None:
    results = (result(delivered=3, deferred=7), result(1, "yahoo", unsubscribed=1))
    (found,) = [one for one in counted(*results)(tmp_path) if one.id == "bulk.rates"]

    assert found.bulk
    assert list(found.bulk.receivers) == ["google", "yahoo"]
    assert (found.bulk.total.delivered, found.bulk.total.deferred) == (3, 7)


@pytest.mark.parametrize(
    ("results", "severity"),
    [
        ([result(deferred=100, delivered=99)], WARNING),
        ([result(deferred=100, delivered=100)], OK),
        ([result(deferred=99)], OK),
        ([result(1, deferred=500)], OK),  # yesterday
        ([result(receiver="default", deferred=500)], OK),  # many receivers
    ],
)
def test_a_receiver_that_defers_most_attempts_of_the_day_is_named(
    results: Sequence[dict[str, object]], severity: Severity, tmp_path: Path
) -> None:
    (found,) = [one for one in counted(*results)(tmp_path) if one.id == "bulk.receivers"]

    assert found.severity is severity
    assert ("google has deferred" in found.saw) is (severity is WARNING)


@pytest.mark.parametrize(
    ("case", "severity", "words"),
    [
        (bounced(StreamHost(found=READ)), OK, "suppressed its recipient: 550 5.1.1 User unknown"),
        (bounced(StreamHost()), ERROR, "no bounce of bulk mail to bounce-test-"),
        (
            bounced(StreamHost(said="[Errno 111] Connection refused")),
            ERROR,
            "its bulk instance does not take a message: [Errno 111] Connection refused",
        ),
        (asked(StreamSubmission(StreamHost())), OK, "about a suppressed recipient: 550 5.7.1"),
        (asked(StreamSubmission(StreamHost()), ordinary=False), OK, "the bulk account news@"),
        (
            asked(StreamSubmission(StreamHost(), reply="451 4.3.5 Server configuration problem")),
            ERROR,
            "about a suppressed recipient: 451 4.3.5",
        ),
        (
            asked(StreamSubmission(StreamHost(), senders=())),
            ERROR,
            "the bulk account news@harbor.example about a suppressed recipient: 250 2.1.5",
        ),
        (
            asked(
                StreamSubmission(
                    StreamHost(), senders=("news@harbor.example", "captain@harbor.example")
                )
            ),
            ERROR,
            "captain@harbor.example about a suppressed recipient: 550 5.7.1",
        ),
        (asked(Closed(StreamHost())), ERROR, "about a recipient that is not suppressed: 550"),
    ],
)
def test_each_fault_of_a_stream_is_named(
    case: Case, severity: Severity, words: str, tmp_path: Path
) -> None:
    found = list(case(tmp_path))

    assert severity in {one.severity for one in found}
    assert (severity is OK) is ({one.severity for one in found} == {OK})
    assert words in " ".join(one.saw for one in found)


class Away(StreamSubmission):
    """Cannot ask the program that knows the recipients."""

    def answer_to(self, sender: str, address: str) -> str:  # noqa: ARG002 - it looks at nothing
        return "451 4.3.0 Temporary lookup failure"


def test_a_handler_that_is_away_is_the_fix_of_every_fault_that_it_causes(tmp_path: Path) -> None:
    found = list(asked(Away(StreamHost()))(tmp_path))

    assert [one.severity for one in found] == [ERROR] * 3
    assert {"pyinfra-mail-bulk-handler" in one.fix for one in found} == {True}


def test_no_suppression_is_left(tmp_path: Path) -> None:
    host = StreamHost()
    list(asked(StreamSubmission(host, SUPPRESSED))(tmp_path))

    assert not host.suppressed


def event(kind: str, recipient: str, *, back: int = 0, reason: str = "") -> str:
    number = int(NOW) - 86_400 * back
    one = BulkEvent(f"{kind}{recipient}{back}", number, kind, recipient, reason)  # type: ignore[arg-type]
    return StoredEvent(1, suppressed=False, event=one).line()


def test_a_host_sums_its_volume_and_its_events(tmp_path: Path) -> None:
    today, before = day_of(NOW), days_before(day_of(NOW), 20)
    volume = Volume(tmp_path / "volume.sqlite", NOW)
    for address in ("", "192.0.2.9"):
        volume.note(today, address, "google", "delivered")
    volume.note(before, "", "google", "delivered")
    volume.note(today, "", "yahoo", "deferred")
    volume.position = "s=1"
    volume.save()
    (tmp_path / "receivers.json").write_text('{"groups": {"yahoo": {"domains": ["yahoo.com"]}}}')
    (tmp_path / "state.json").write_text('{"domains": {"example.net": "google"}}')
    lines = (
        event("hard", "anna@example.net"),
        event("policy", "otto@yahoo.com"),
        event("soft", "ada@elsewhere.example"),
        event("complaint", "f" * 64),  # with digests
        event("unsubscribe", "eva@example.net", back=1),
        event("complaint", "eva@example.net", back=20),
        event("removed", "eva@example.net", reason="asked by phone"),
        '{"time": 1, "ki',
    )
    (tmp_path / "events.jsonl").write_text("\n".join(lines))

    found = json.loads(bulk_results(tmp_path, tmp_path, tmp_path, NOW))

    yesterday = days_before(today, 1)
    assert found == [
        {"day": yesterday, "receiver": "google", "unsubscribed": 1},
        {"day": today, "receiver": "", "complained": 1},
        {"day": today, "receiver": "default", "returned": 1},
        {
            "day": today,
            "receiver": "google",
            "delivered": 2,
            "deferred": 0,
            "bounced": 0,
            "returned": 1,
        },
        {
            "day": today,
            "receiver": "yahoo",
            "delivered": 0,
            "deferred": 1,
            "bounced": 0,
            "returned": 1,
        },
    ]


def test_a_host_that_has_counted_nothing_yet_has_no_results(tmp_path: Path) -> None:
    assert bulk_results(tmp_path, tmp_path, tmp_path, NOW) == "[]"


STORE = """
import json, sys
from pathlib import Path
asked = json.load(sys.stdin)
with Path(sys.argv[1]).open("a") as file:
    print(asked["verb"], *asked["recipients"], file=file)
print(json.dumps({one: {"kind": "hard"} for one in asked["recipients"]} if sys.argv[2] else {}))
"""


@pytest.mark.parametrize(
    ("handler", "read", "said", "found"),
    [
        (AnySender(), "read", "250", {"kind": "hard"}),
        (AnySender(), "", "250", None),
        (Handler(), "read", "554 5.7.1 <anna@example.net>: Relay access denied", None),
    ],
)
def test_the_script_sends_waits_and_releases(
    handler: Handler, read: str, said: str, found: Mapping[str, str] | None, tmp_path: Path
) -> None:
    (tmp_path / "store.py").write_text(STORE)
    program = files(delivery).joinpath("scripts", "bounced.py").read_text(encoding="utf-8")
    with serving(handler) as port:
        wanted = {
            "port": port,
            "sender": "captain@harbor.example",
            "recipient": "anna@example.net",
            "reason": OWN_TEST,
            "seconds": 1,
            "store": f"{sys.executable} {tmp_path}/store.py {tmp_path}/asked '{read}'",
        }
        done = subprocess.run(
            (sys.executable, "-c", program),
            input=json.dumps(wanted),
            capture_output=True,
            text=True,
            check=True,
        )
    answer = json.loads(done.stdout)

    assert answer["sent"].startswith(said)
    assert answer["found"] == found
    assert (tmp_path / "asked").read_text().splitlines()[-1] == "remove anna@example.net"
