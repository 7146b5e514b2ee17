"""Recipients of a host: each mailbox gets a message, and an alias that leads to nobody is found."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.labs import Done, Raised
from tests.lab.runs import LAB, UNPROVED, deployed, on, pyinfra, undone
from tests.lab.verification import PART, report

BOX, ALIAS = "/var/mail/anna", "info@harbor.example"
OWN = json.dumps({"mx1": {"mail_aliases": {"captain": "root", "info": "anna"}}})
ONLY = ("--data", "verify_only=delivery.arrived,delivery.recipients")
MADE = "id anna >/dev/null 2>&1 || useradd --create-home anna"


@pytest.fixture(scope="module", autouse=True)
def configured(lab: Raised) -> Iterator[None]:
    """An alias on mx1 that leads to a user of its own."""
    assert lab
    with undone("mx1", f"userdel -rf anna 2>/dev/null; rm -f {BOX}"):
        on("mx1", MADE)
        done = pyinfra("deploys/site.py", "-y", *UNPROVED, OWN_HOST_DATA=OWN)
        assert done.returncode == 0, done.stdout
        yield
        deployed()


def verified() -> Done:
    return pyinfra("deploys/verify.py", "-y", *ONLY, OWN_HOST_DATA=OWN)


def about(id_: str, found: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the severity and the observation of each finding that names the alias."""
    findings = (one for one in found["findings"] if one["id"] == id_ and ALIAS in one["saw"])
    return [(one["severity"], one["saw"]) for one in findings]


def test_the_mailbox_of_an_alias_gets_a_message_that_is_removed_again() -> None:
    done = verified()
    path = f"outside -> mx1 at {LAB.address('mx1')} -> {ALIAS}"

    assert done.returncode == 0, done.stdout
    assert about("delivery.arrived", report(PART)) == [("ok", f"{path}: found in {BOX} on mx1")]
    assert on("mx1", f"grep -c X-Pyinfra-Mail-Test {BOX} || true") == "0"


def test_an_alias_whose_user_is_gone_is_found_although_it_is_accepted() -> None:
    with undone("mx1", MADE):
        on("mx1", "userdel -rf anna 2>/dev/null || true")
        done = verified()

    found = report(PART)
    assert done.returncode == 1, done.stdout
    ((severity, saw),) = about("delivery.arrived", found)
    assert (severity, saw.endswith(f"{ALIAS}: not in {BOX} on mx1")) == ("error", True)
    assert not [one for one in about("delivery.recipients", found) if one[0] == "error"]
