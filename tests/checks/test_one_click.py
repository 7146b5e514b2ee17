"""Clicks at the site of a bulk stream: what each answer and each store says of it."""

from pathlib import Path

import pytest

from deploys.checks.core.world import Page
from tests.checks.cases.delivery_bulk import Store, clicked
from tests.checks.cases.pair import Case
from tests.checks.worlds import Gone, Zone

GONE = Page(404, "text/plain", "")


@pytest.mark.parametrize(
    ("case", "severity", "words"),
    [
        (clicked(Store()), "ok", "one click at unsubscribe.mx1.harbor.example unsubscribes"),
        (clicked(Store(at_a_look=True)), "error", "to look at the page of unsubscribe.mx1.harbor"),
        (clicked(Store(at_a_post=False)), "error", "does not suppress its recipient"),
        (clicked(Store(), look=GONE), "error", "answers a valid link with status 404"),
        (clicked(Store(), click=GONE), "error", "answers a click with status 404"),
        (
            clicked(Store(), names=Zone({})),
            "error",
            "unsubscribe.mx1.harbor.example has no address",
        ),
        (clicked(Store(), names=Gone()), "unknown", "no answer about A of unsubscribe.mx1"),
    ],
)
def test_each_fault_of_a_site_is_named(
    case: Case, severity: str, words: str, tmp_path: Path
) -> None:
    found = list(case(tmp_path))

    assert severity in {one.severity for one in found}
    assert words in " ".join(one.saw for one in found)


def test_no_suppression_of_the_test_recipient_is_left(tmp_path: Path) -> None:
    store = Store()
    store.suppressed = True  # by a check that was ended

    assert [one.severity for one in clicked(store)(tmp_path)] == ["ok"]
    assert not store.suppressed


def test_a_host_without_the_site_has_nothing_to_check(tmp_path: Path) -> None:
    assert list(clicked(Store(), one_click=False)(tmp_path)) == []
