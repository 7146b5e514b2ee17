"""The proof against real hosts: it passes where mail works, and where it does not, it says what."""

import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from deploys.checks.clients.message import HEADER
from deploys.checks.run.catalogue import CHECKS, INSPECTIONS
from deploys.lab.definition import TRAVELLER
from tests.lab.labs import ROOT, Done, Raised
from tests.lab.labs import pyinfra as pyinfra_of
from tests.lab.runs import INTERRUPTION, LAB, REPORT, UNSCANNED, on, pyinfra, undone
from tests.lab.verification import PART, failed, passed, report, with_severity

pytestmark = pytest.mark.usefixtures("lab", "site")

PATHS = {
    "mx1 -> visitor@faraway.example",
    "mx1 -> traveller@faraway.example",
    "mx2 -> visitor@faraway.example",
    "mx2 -> traveller@faraway.example",
    "peer -> postmaster@harbor.example",
    "peer -> postmaster@orchard.example",
}


@pytest.fixture(scope="module")
def site() -> dict[str, Any]:
    """Deploy everything once and return the report of it."""
    return passed(pyinfra("deploys/site.py", "-y"))


@contextmanager
def broken(name: str, command: str, mended: str) -> Iterator[None]:
    with undone(name, mended):
        on(name, command)
        yield


# Of what the inventory does not have.
SILENT = {
    *("run.waiver", "delivery.unsubscribe", "host.account_rate", "reports.sent"),
    "delivery.forwarded",  # no alias here leads to a mailbox elsewhere
    "delivery.junk",  # no host here has mailboxes
    *(one for one in CHECKS if one.startswith("bulk.")),  # no host here has a bulk stream
}


def test_the_last_step_of_the_site_proves_that_every_message_arrives(site: dict[str, Any]) -> None:
    paths = {message["path"] for message in site["messages"]}

    assert site["verdict"] == "passed"
    assert all(message["arrived"] for message in site["messages"])
    assert all(message["seconds"] >= 0 for message in site["messages"])
    assert paths >= PATHS
    assert len([path for path in paths if path.startswith("outside -> ")]) == 12
    assert len([path for path in paths if " as captain@" in path]) == 8
    assert {finding["id"] for finding in site["findings"]} == set(CHECKS) - SILENT


@pytest.mark.parametrize("way", [(), ("--serial",), ("--no-wait",)], ids=str)
def test_the_proof_runs_by_itself_in_every_way(way: tuple[str, ...]) -> None:
    found = passed(pyinfra("deploys/verify.py", "-y", *way, *UNSCANNED), PART)

    assert found["verdict"] == "passed"
    assert found["changes"] == {"hosts": 0, "zones": 0}


def test_test_messages_are_removed_again_and_nothing_else_is() -> None:
    boxes = {"peer": "/var/mail/visitor", "mx1": "/var/mail/root", "mx2": "/var/mail/root"}
    for name, box in boxes.items():
        on(name, f"test -e {box} || touch {box}")
    seen = {name: on(name, f"stat -c '%i %U %G %a' {box}") for name, box in boxes.items()}
    before = {name: on(name, f"sha256sum {box}") for name, box in boxes.items()}

    found = passed(pyinfra("deploys/verify.py", "-y", *UNSCANNED), PART)

    assert all(message["arrived"] for message in found["messages"])
    assert {name: on(name, f"sha256sum {box}") for name, box in boxes.items()} == before
    assert {name: on(name, f"stat -c '%i %U %G %a' {box}") for name, box in boxes.items()} == seen
    for name, box in boxes.items():
        assert on(name, f"test ! -e {box}.lock && echo free") == "free"


def judged(found: dict[str, Any], recipient: str) -> set[str]:
    """Return what was asked of the messages that mail hosts sent to somebody."""
    return {one["id"] for one in found["findings"] if f"{recipient}: " in one["saw"]}


def test_a_mailbox_elsewhere_is_judged_as_a_witness_is(site: dict[str, Any]) -> None:
    witness, elsewhere = judged(site, "visitor@faraway.example"), judged(site, TRAVELLER)

    assert {"delivery.arrived", "delivery.intact", "delivery.dkim"} < elsewhere
    assert elsewhere == witness


def letters() -> list[str]:
    """Return what the mailbox elsewhere holds, by its own server: flags, and every octet."""
    fetch = f"doveadm -f flow fetch -u {TRAVELLER} 'uid flags text' mailbox INBOX"
    return on("peer", f"{fetch} | sed 's/ *.Recent//'").splitlines()


@contextmanager
def others_letters() -> Iterator[None]:
    """Have a stranger's letter in the mailbox elsewhere, another run's, and one marked deleted."""
    lines = "Subject: plain", f"{HEADER}: another-1", "Subject: unwanted"
    for line in lines:
        on("peer", f"printf '{line}\\n\\nFrom somebody.\\n' | exim -odf {TRAVELLER}")
    unwanted = f"-u {TRAVELLER} '\\Deleted' mailbox INBOX subject unwanted"
    with undone("peer", f"doveadm expunge -u {TRAVELLER} mailbox INBOX all"):
        on("peer", f"doveadm flags add {unwanted}")
        yield


WRONG = {
    "traveller+key@faraway.example": ({"password": "WRONG_KEY"}, "the login is refused"),
    "traveller+folder@faraway.example": (
        {"folder": "Elsewhere"},
        "the folder Elsewhere cannot be opened",
    ),
    "traveller+trust@faraway.example": ({"ca_file": ""}, "unable to get local issuer certificate"),
    "traveller+name@faraway.example": ({"imap": "mail.faraway.example"}, "Hostname mismatch"),
}


def test_a_mailbox_elsewhere_is_left_as_it_was_and_one_that_does_not_open_is_unknown() -> None:
    more = json.dumps([{"address": one, **own} for one, (own, _) in WRONG.items()])
    tests = f"-u {TRAVELLER} mailbox INBOX header {HEADER}"
    with others_letters():
        before = letters()
        only = ("--data", "verify_only=delivery.*", "--json")
        done = pyinfra(
            "deploys/verify.py", "-y", *only, MORE_MAILBOXES=more, WRONG_KEY="not the word"
        )
        found = report(PART)
        run = found["messages"][0]["id"].partition("-")[0]
        left = on("peer", f"doveadm fetch 'hdr.to' {tests} {run}-")
        on("peer", f"doveadm expunge {tests} {run}-")
        after = letters()

    assert after == before
    assert len([line for line in before if "From somebody." in line]) == len(("a", "b", "c"))
    assert done.returncode == 0, done.stdout
    for address, (_, sentence) in WRONG.items():
        (said,) = {
            one["saw"].partition(": ")[2]
            for one in found["findings"]
            if one["id"] == "delivery.arrived" and f"mx1 -> {address}" in one["saw"]
        }
        assert sentence in said
        assert left.count(address) == 6
    assert f"{TRAVELLER}" not in left
    assert with_severity(found, "error", "warning") == set()
    assert "not the word" not in done.stdout + PART.read_text()


def test_a_witness_that_cannot_remove_them_is_told_and_fails_nothing() -> None:
    with broken("peer", "chmod a-x /usr/bin/perl", "chmod a+x /usr/bin/perl"):
        found = passed(pyinfra("deploys/verify.py", "-y", *UNSCANNED), PART)

    assert with_severity(found, "unknown") == {("run.tidied", "peer")}
    assert with_severity(found, "warning") == set()
    run = found["messages"][0]["id"].partition("-")[0]
    assert int(on("peer", f"grep -c '^X-Pyinfra-Mail-Test: {run}-' /var/mail/visitor")) == 8


def test_a_sink_of_the_runs_own_is_a_receiver_like_any_other() -> None:
    sink = f"probe@[{LAB.lab.network4[1]}]"  # the machine that the lab is on, as its hosts see it

    words = ("--data", f"verify_sink={sink}", *UNSCANNED)
    found = passed(pyinfra("deploys/verify.py", "-y", *words), PART)

    arrived = {one["path"] for one in found["messages"] if one["path"].endswith(sink)}
    assert len(arrived) == 6
    judged = {one["id"] for one in found["findings"] if sink in one["saw"]}
    assert judged >= {"delivery.spf", "delivery.dkim", "delivery.dmarc", "delivery.intact"}
    assert found["verdict"] == "passed"


def test_a_dry_run_sends_nothing_and_says_what_it_would_send() -> None:
    before = on("peer", "wc -c /var/mail/visitor")

    done = pyinfra("deploys/verify.py", "--dry")

    assert "would send a test message mx1 -> visitor@faraway.example" in done.stdout
    assert on("peer", "wc -c /var/mail/visitor") == before


def test_a_proof_of_a_part_asks_no_more_is_kept_apart_and_says_what_it_asks() -> None:
    before = REPORT.read_text()

    shown = pyinfra("deploys/verify.py", "-y", "--data", "verify_only=dns.*")
    quiet = pyinfra("deploys/verify.py", "-y", "--json", "--data", "verify_only=dns.*")

    part = report(PART)
    asked = {finding["id"] for finding in part["findings"]} - {"run.host"}
    assert asked == {id_ for id_ in CHECKS if id_.startswith("dns.")}
    assert part["verdict"] == "passed"
    assert REPORT.read_text() == before
    assert "checked dns.mx" in shown.stdout
    assert "checked dns.mx" not in quiet.stdout
    assert (shown.returncode, quiet.returncode) == (0, 0)


def test_a_domain_in_no_inventory_is_asked_what_anybody_may_ask(lab: Raised) -> None:
    def seen(domain: str) -> Done:
        words = f"verify_domain={domain}", f"verify_resolvers={lab.address('resolver')}"
        data = [word for pair in words for word in ("--data", pair)]
        return pyinfra_of("@local", "deploys/verify.py", *data)

    ours, missing = seen("harbor.example"), seen("nowhere.example")

    found = json.loads((ROOT / "reports/harbor.example/report.json").read_text())
    anywhere = {one.id for group in INSPECTIONS if group.anywhere for one in group.checks}
    assert ours.returncode == 0, ours.stderr
    assert {finding["id"] for finding in found["findings"]} == anywhere
    assert (found["verdict"], found["messages"]) == ("passed", [])
    assert "nowhere.example receives no mail" in missing.stderr
    assert missing.returncode == 1


BORNE = {
    "id": "dns.srv",
    "domain": "harbor.example",
    "reason": "mx1 is stopped, and nobody minds",
    "until": "9999-12-31",
}


def test_a_stopped_server_fails_its_own_checks_and_no_other() -> None:
    with broken("mx1", "systemctl stop postfix.service", "systemctl start postfix.service"):
        found = failed("--data", f"verify_waivers={json.dumps([BORNE])}")

    assert with_severity(found, "error") == {
        ("smtp.connect", "mx1"),
        ("host.services", "mx1"),
        ("smtp.submission", "mx1"),
        ("delivery.arrived", "harbor.example"),
        ("delivery.success_notice", "harbor.example"),
        ("delivery.failure_notice", "harbor.example"),
    }
    assert {subject for _, subject in with_severity(found, "unknown")} == {"mx1", "harbor.example"}
    assert with_severity(found, "waived") == {("dns.srv", "harbor.example")}
    assert ("run.waiver", "dns.srv of harbor.example") in with_severity(found, "ok")
    assert first_cause(found) == {("host.services", "mx1: Postfix is not running")}


def first_cause(found: dict[str, Any]) -> set[tuple[str, str]]:
    """Return the checks and texts of the first cause, which has to explain most other problems."""
    first, *others = found["causes"]
    assert len(first["effects"]) > sum(len(one["findings"]) for one in others)
    return {
        (found["findings"][index]["id"], found["findings"][index]["saw"])
        for index in first["findings"]
    }


def test_a_stopped_filter_is_the_first_cause() -> None:
    with broken("mx1", "systemctl stop rspamd", "systemctl start rspamd"):
        found = failed()

    assert first_cause(found) == {("host.services", "mx1: rspamd.service is inactive")}
    fixes = {
        found["findings"][index]["fix"] for one in found["causes"] for index in one["findings"]
    }
    assert not any("smtpd_tls_security_level" in fix or "to a person" in fix for fix in fixes)


FREEZE, THAW = "pkill -STOP sshd", "pkill -CONT sshd"


def assert_only_strangers_mail_arrived(found: dict[str, Any]) -> None:
    arrived = [message["path"] for message in found["messages"] if message["arrived"]]
    elsewhere = [path for path in arrived if path.endswith(f" -> {TRAVELLER}")]

    assert len(elsewhere) == 6  # from each host, and through both its ports for submission
    assert len(arrived) == 4 + len(elsewhere)
    assert all(path.startswith("outside -> ") for path in set(arrived) - set(elsewhere))


def test_a_witness_that_hangs_is_named_and_the_others_are_proved() -> None:
    with broken("peer", FREEZE, THAW):
        found = failed(*UNSCANNED, path=PART)

    assert with_severity(found, "error") == {("run.host", "peer")}
    assert_only_strangers_mail_arrived(found)


def test_a_witness_that_hangs_in_the_middle_of_the_proof_is_named_too() -> None:
    container = LAB.lab.container(LAB.host("peer"))
    freeze = shlex.join(("podman", "exec", container, *FREEZE.split()))
    with undone("peer", THAW):
        program = (str(INTERRUPTION), "peer", "1", "before", freeze)
        words = ("--data", "mail_timeout=5", *UNSCANNED)
        found = failed(*words, program=program, path=PART)

    assert with_severity(found, "error") == {("run.host", "peer")}
    assert_only_strangers_mail_arrived(found)
