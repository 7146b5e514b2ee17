"""
DKIM keys that follow others while mail goes on, on both Debians.

The first host publishes its keys in its own zone; the second one's domain leads their names with
CNAMEs into the zone of the first.
"""

import json
import re
import smtplib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from uuid import uuid4

import dns.message
import dns.query
import dns.rdatatype
import pytest

from deploys.lab.inventory import dns as lab_dns
from deploys.lab.inventory import resolvers
from deploys.mail.records import MailRecord
from deploys.mail.settings.inventory import fleet_from
from deploys.zones.backup import Backups
from deploys.zones.propagation.visible import visible_names
from deploys.zones.providers.loader import load
from deploys.zones.publication import Publication
from tests.lab.background import Background
from tests.lab.labs import Done, Raised
from tests.lab.mail_client import submitted
from tests.lab.runs import LAB, MAIL_HOSTS, UNSCANNED, on, pyinfra, restored, settled, undone

KEYS = "/var/lib/pyinfra-mail/dkim"
# Names that no resolver of the lab has heard of before.
NAMES = {name: f"{name}at{uuid4().hex[:8]}" for name in MAIL_HOSTS}
OURS = "harbor.example"
OWN = {
    "mx1": {"mail_dkim_selector": NAMES["mx1"]},
    "mx2": {"mail_dkim_selector": NAMES["mx2"], "mail_dkim_cname": OURS},
}
NOW = ("--data", "mail_dkim_rotate=now")
PASSED = re.compile(r"dkim=pass header\.d=(\S+) header\.s=(\S+) header\.a=")
BOTH = pytest.mark.parametrize("name", MAIL_HOSTS)
DATABASE = "/var/lib/powerdns/pdns.sqlite3"
RECTIFY = "rectify-zone harbor.example"
LETTERS = 300  # of one host at the most
TRIES = 3
PEER = LAB.host("peer")
AWAY = [str(address) for address in LAB.lab.addresses(PEER)]
AGED = (
    "import json,sys;path,event,days=sys.argv[1:];all=json.load(open(path));"
    "[one.update({event:one[event]-86400*float(days)}) for one in all.values() if event in one];"
    "json.dump(all,open(path,'w'))"
)


def run(deploy: str, *arguments: str) -> Done:
    """Run a deploy with the names of this module."""
    done = pyinfra(deploy, "-y", *arguments, OWN_HOST_DATA=json.dumps(OWN))
    assert done.returncode == 0, done.stdout
    return done


def aged(name: str, event: str, days: float) -> None:
    """Let what happened to the keys of a host have happened earlier."""
    path = f"{KEYS}/{NAMES[name]}.json"
    LAB.run(name, "python3", "-c", AGED, path, event, str(days))


def domain_of(name: str) -> str:
    return MAIL_HOSTS[name].partition("@")[2]


def selectors(name: str, slot: str = "") -> set[str]:
    return {f"{NAMES[name]}{slot}-{algorithm}" for algorithm in ("rsa", "ed25519")}


def answer(name: str, kind: str) -> list[str]:
    """Return what the name server says of a name and type."""
    query = dns.message.make_query(name, kind)
    found = dns.query.tcp(query, LAB.address("ns"), timeout=5).answer
    wanted = dns.rdatatype.from_text(kind)
    return [str(one) for rrset in found if rrset.rdtype == wanted for one in rrset]


def letters() -> dict[str, set[tuple[str, str]]]:
    """Return the signatures that passed at the peer, by the subjects of the messages there."""
    box = on("peer", "cat /var/mail/visitor")
    return {
        subject[1]: set(PASSED.findall(letter))
        for letter in f"\n{box}".split("\nFrom ")
        if (subject := re.search(r"^Subject: (\w{32})$", letter, re.MULTILINE))
    }


def arrived(tokens: list[str]) -> dict[str, set[tuple[str, str]]]:
    """Return the signatures that passed of these messages, waiting a while for the last."""
    for _ in range(120):
        there = letters()
        if set(tokens) <= set(there):
            break
        time.sleep(0.5)
    return {token: there[token] for token in tokens if token in there}


@dataclass
class Sender(Background):
    """An account that writes one letter after the other."""

    name: str
    tokens: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def _work(self) -> None:
        for _ in range(LETTERS):
            if self._ends_within(0.2):
                return
            try:
                self.tokens.append(self._sent())
            except OSError as error:
                self.failures.append(repr(error))

    def _sent(self) -> str:
        """Submit a letter, again after a temporary refusal, as senders do (RFC 5321 4.5.4.1)."""
        for _ in range(TRIES):
            try:
                return submitted(self.name)
            except smtplib.SMTPResponseException as refused:
                # A session that is open during a reload of rspamd may get one (docs/host.md).
                if refused.smtp_code >= 500:
                    raise
                time.sleep(1)
        return submitted(self.name)


def held(name: str) -> list[str]:
    """Submit letters while there is no way to the peer, and hold them in the queue."""
    family = {address: "-6" if ":" in address else "-4" for address in AWAY}
    with undone(name, "; ".join(f"ip {family[a]} route del blackhole {a}" for a in AWAY)):
        on(name, " && ".join(f"ip {family[a]} route add blackhole {a}" for a in AWAY))
        tokens = [submitted(name) for _ in range(3)]
        settled(name, "test $(postqueue -p | grep -c visitor@) = 3")
        on(name, "postsuper -h ALL deferred active incoming 2>/dev/null; postqueue -f")
    return tokens


@dataclass(frozen=True)
class Story:
    """What was sent before and during a rotation."""

    held: dict[str, list[str]]
    sent: dict[str, Sender]


@pytest.fixture(scope="module")
def story(lab: Raised) -> Iterator[Story]:
    """Rotate the keys of both hosts while accounts write, with letters held in their queues."""
    assert lab
    try:
        run("tests/lab/publication.py")
        with ThreadPoolExecutor() as pool:
            waiting = dict(zip(MAIL_HOSTS, pool.map(held, MAIL_HOSTS), strict=True))
        for name in MAIL_HOSTS:
            aged(name, "signing", 2)
        with Sender("mx1") as first, Sender("mx2") as second:
            run("deploys/site.py", *NOW, *UNSCANNED)
        yield Story(waiting, {"mx1": first, "mx2": second})
    finally:
        cleaned()


def cleaned() -> None:
    """Let the hosts sign as before, and leave nothing of the names of this module."""
    restored()
    for name in MAIL_HOSTS:
        on(name, f"rm -f {KEYS}/{NAMES[name]}*; postsuper -d ALL hold 2>/dev/null")
    forgotten = " or ".join(f"name like '{name}-%'" for name in NAMES.values())
    on("ns", f'sqlite3 {DATABASE} "delete from records where {forgotten}"')  # noqa: S608 - names of our own
    LAB.withdraw_keys(*MAIL_HOSTS)
    on("ns", f"pdnsutil {RECTIFY}; pdnsutil rectify-zone orchard.example")


@BOTH
def test_mail_sent_during_a_rotation_is_found_genuine_by_both_signatures(
    story: Story, name: str
) -> None:
    sender, domain = story.sent[name], domain_of(name)

    found = arrived(sender.tokens)

    assert sender.failures == []
    assert set(found) == set(sender.tokens)
    assert [found[token] for token in sender.tokens] == sorted(
        found.values(), key=lambda passed: "-2-" in str(passed)
    )
    used = {frozenset(passed) for passed in found.values()}
    assert used == {
        frozenset((domain, one) for one in selectors(name, slot)) for slot in ("", "-2")
    }


@BOTH
def test_mail_that_waited_in_the_queue_meanwhile_still_is(story: Story, name: str) -> None:
    on(name, "postsuper -H ALL 2>/dev/null; postqueue -f")

    found = arrived(story.held[name])

    assert set(found) == set(story.held[name])
    before = {(domain_of(name), one) for one in selectors(name)}
    assert all(passed == before for passed in found.values())


@pytest.mark.usefixtures("story")
def test_the_same_run_again_changes_nothing_and_says_why() -> None:
    said = run("deploys/hosts.py", *NOW).stdout

    assert said.count("a new rotation can start once the keys of the last one are deleted") == 2
    assert said.count("No changes") == 6, said


@pytest.mark.usefixtures("story")
def test_a_domain_leads_its_names_to_our_zone_where_the_keys_are() -> None:
    for selector in selectors("mx2") | selectors("mx2", "-2"):
        name = f"{selector}._domainkey.orchard.example"
        assert answer(name, "CNAME") == [f"{name}.{OURS}."]
        assert "p=" in answer(f"{name}.{OURS}", "TXT")[0]


@pytest.mark.usefixtures("story")
def test_retired_keys_are_revoked_and_deleted_when_no_mail_needs_them_any_more() -> None:
    for name in MAIL_HOSTS:
        aged(name, "retired", 7)

    run("tests/lab/publication.py")

    for name, place in (("mx1", ""), ("mx2", f".{OURS}")):
        for selector in selectors(name):
            record = f"{selector}._domainkey.{domain_of(name)}{place}"
            kind = selector.rpartition("-")[2]
            assert answer(record, "TXT") == [f'"v=DKIM1; k={kind}; p="']
        left = on(name, f"cd {KEYS} && ls {NAMES[name]}*").split()
        pair = [f"{one}.{end}" for one in selectors(name, "-2") for end in ("key", "pub")]
        assert left == sorted([*pair, f"{NAMES[name]}.json"])
        assert on(name, f"stat -c '%a %U' {KEYS}/{NAMES[name]}*.key") == "\n".join(
            ["600 _rspamd"] * 2
        )
        (passed,) = arrived([submitted(name)]).values()
        assert passed == {(domain_of(name), one) for one in selectors(name, "-2")}


def test_keys_go_into_a_zone_that_a_domain_has_cut_out_for_them_and_are_seen_there(
    lab: Raised,
) -> None:
    pier = "pier.harbor.example"
    fleet = fleet_from(
        {
            "mx1": {
                "mail_hostname": f"mx1.{pier}",
                "mail_addresses": [lab.address("mx1")],
                "mail_domains": [pier],
                "mail_resolvers": resolvers(lab.name),
            }
        },
        {},
    )
    name, text = f"mx1-rsa._domainkey.{pier}", "v=DKIM1; k=rsa; p=MIIB"
    cut = ("delete-rrset harbor.example _domainkey.pier NS", f"delete-zone _domainkey.{pier}")
    with undone("ns", "; ".join(f"pdnsutil {one}" for one in (*cut, RECTIFY))):
        on("ns", f"pdnsutil create-zone _domainkey.{pier} ns.nic.example")
        on("ns", "pdnsutil add-record harbor.example _domainkey.pier NS ns.nic.example")
        on("ns", f"pdnsutil {RECTIFY}")
        done = Publication(fleet, Backups())
        done.plan(load(lab_dns(lab.name)), [MailRecord(name, "TXT", (text,), 60, "a key")])
        done.publish()

        assert done.failures == {}
        assert done.written == {f"_domainkey.{pier}"}
        assert visible_names(fleet.hosts[0], {name: text}) == {name}
