"""Hosts that answered or not, and waivers before and after their end."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from deploys.checks.core.waivers import waived
from deploys.checks.run.reachability import HOST, present
from deploys.checks.smtp import anonymous
from deploys.mail.settings.verification import Waiver
from tests.checks.cases.delivery_results import delivered
from tests.checks.cases.pair import Case, Pair


def attended(silent: frozenset[str] = frozenset()) -> Case:
    took_part = HOST.ok("mx1", "it took part in the run")
    return lambda _folder: present([took_part], [replace(delivered(), silent=silent)])


def excused(until: date) -> Case:
    """Waive a relay that is open on 4 October 2026, until a day."""
    waiver = Waiver(id="smtp.relay", reason="it is an exercise", until=until)
    relay = anonymous.RELAY.error("mx1", "it relays", "close it")
    return lambda _folder: waived([relay], [waiver], date(2026, 10, 4), whole=True)


CASES: Mapping[str, Pair] = {
    "run.host": Pair(
        attended(),
        attended(frozenset({"mx1"})),
        "test_verify.test_a_witness_that_hangs_is_named_and_the_others_are_proved",
    ),
    "run.waiver": Pair(excused(date(2026, 10, 4)), excused(date(2026, 10, 3))),
}
