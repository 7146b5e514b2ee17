"""The whole way on fresh hosts: deployed, published, proved; and again, with nothing to change."""

import json
from typing import Any

import dns.message
import dns.query
import dns.rdatatype
import pytest

from tests.lab.labs import Raised
from tests.lab.runs import LAB, MAIL_HOSTS, REPORT, live_sets, on, pyinfra, undone

STEPS = ("Prepare", "Publish", "Activate")


def report() -> Any:
    return json.loads(REPORT.read_text())


def answers(name: str, kind: str) -> set[str]:
    """Return what the name server says of a name."""
    wanted = dns.rdatatype.from_text(kind)
    query = dns.message.make_query(name, kind)
    found = dns.query.tcp(query, LAB.address("ns"), timeout=5).answer
    return {str(one) for rrset in found if rrset.rdtype == wanted for one in rrset}


@pytest.fixture(scope="module")
def first(lab: Raised) -> Any:
    """Deploy on two hosts that have just been made and return the report."""
    lab.bare(*MAIL_HOSTS)
    done = pyinfra("deploys/site.py", "-y")
    assert done.returncode == 0, done.stdout
    return report()


def test_the_first_run_makes_two_mail_servers_and_every_message_arrives(first: Any) -> None:
    assert first["verdict"] == "passed"
    assert first["changes"]["hosts"] == 2
    assert [message for message in first["messages"] if not message["arrived"]] == []


@pytest.mark.usefixtures("first")
def test_the_second_run_changes_nothing_and_proves_delivery_again() -> None:
    done = pyinfra("deploys/site.py", "-y")

    assert done.returncode == 0, done.stdout
    assert report()["verdict"] == "passed"
    assert report()["changes"] == {"hosts": 0, "zones": 0}
    rows = [
        line.split()[-4:] for line in done.stdout.splitlines() if line.strip().startswith(STEPS)
    ]
    assert rows == [["2", "-", "-", "2"]] * 3, done.stdout


@pytest.mark.usefixtures("first")
def test_the_zone_has_the_records_and_everybody_elses_are_still_there() -> None:
    assert answers("mx1.harbor.example", "A") == {LAB.address("mx1")}
    assert len(answers("mx1.harbor.example", "AAAA")) == 1
    assert answers("harbor.example", "MX") == {"10 mx1.harbor.example."}
    assert answers("_dmarc.harbor.example", "TXT") == {'"v=DMARC1; p=none"'}
    assert answers("orchard.example", "TXT") == {'"v=spf1 mx ~all"'}
    harbor = answers("harbor.example", "TXT")
    assert '"v=spf1 mx include:_spf.faraway.example ~all"' in harbor
    assert any("site-verification" in text for text in harbor)
    assert answers("www.harbor.example", "A")


@pytest.mark.usefixtures("first")
def test_a_dry_run_on_changed_settings_shows_files_and_records_and_changes_neither() -> None:
    before = live_sets(), answers("harbor.example", "SOA")
    changed = ("--data", "mail_message_size_limit=10000000", "--data", "mail_dmarc=quarantine")

    shown = pyinfra("deploys/site.py", "--dry", "--diff", *changed)

    assert shown.returncode == 0, shown.stdout
    assert "-message_size_limit = 26214400" in shown.stdout
    assert "+message_size_limit = 10000000" in shown.stdout
    assert "~ TXT _dmarc.harbor.example" in shown.stdout
    assert "would send a test message" in shown.stdout
    assert (live_sets(), answers("harbor.example", "SOA")) == before


@pytest.mark.usefixtures("first")
def test_an_unreachable_host_is_reported_and_the_other_is_done() -> None:
    on("mx2", "systemctl stop postfix")
    on("mx1", "systemctl stop ssh")
    with undone("mx1", "systemctl start ssh"):
        done = pyinfra("deploys/site.py", "-y")

    assert done.returncode == 1
    assert on("mx2", "systemctl is-active postfix") == "active"
    findings = report()["findings"]
    failures = {(one["id"], one.get("host")) for one in findings if one["severity"] == "error"}
    assert ("run.host", "mx1") in failures
    assert not [one for one in findings if one["id"].startswith("bulk.")]  # it has no such stream
    assert answers("harbor.example", "MX") == {"10 mx1.harbor.example."}


@pytest.mark.usefixtures("first")
@pytest.mark.parametrize("name", MAIL_HOSTS)
def test_the_host_refuses_what_it_has_to_refuse_and_logs_no_warning(name: str) -> None:
    warnings = on(
        name, "journalctl -t postfix/smtpd -t postfix/master --no-pager | grep -c fatal: || true"
    )

    assert warnings == "0"
    assert on(name, "postconf 2>&1 >/dev/null") == ""
