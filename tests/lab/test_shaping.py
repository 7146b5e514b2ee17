"""Limits of receiver groups, as a receiver counts them, on both Debians."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from deploys.mail import paths
from tests.lab.labs import Raised
from tests.lab.mail_client import PASSWORD, account, connected
from tests.lab.runs import (
    LAB,
    MAIL_HOSTS,
    UNPROVED,
    deployed,
    on,
    pyinfra,
    restored,
    settled,
    undone,
)
from tests.lab.stand_in import COUNTS, DEFERS, accepted, counted, counts, standing_in
from tests.lab.tls import put, records
from tests.lab.verification import PART, report
from tests.lab.volume import results, since

BOTH = pytest.mark.parametrize("name", MAIL_HOSTS)
ZONE = "faraway.example"
ONE, TWO = f"one.{ZONE}", f"two.{ZONE}"  # both have their MX at the stand-in
MX = f"10 mx.shaped.{ZONE}."
SOCKET = "socketmap:unix:/run/pyinfra-mail-receivers/socket"
UNIT = "pyinfra-mail-receivers.service"
STATE = "/var/lib/pyinfra-mail-receivers/state.json"
EACH = 40  # messages to each of the domains
MUCH = 200  # so that some are left when the group is slowed
BY_MX = {"concurrency": 3, "mx": [f".shaped.{ZONE}"]}
REUSED = {"domains": [ONE, TWO], "concurrency": 8, "messages_per_connection": 5}


def own_data(harbor: dict[str, Any]) -> str:
    """Return the data of the hosts: an account for news, and a group of receivers."""
    secret = PASSWORD.read_text().strip()
    command = ("openssl", "passwd", "-6", "-salt", "saltsalt", "-stdin")
    hashed = subprocess.run(command, input=secret, capture_output=True, text=True, check=True)
    password = {"password": hashed.stdout.strip()}
    data = {
        name: {
            "mail_accounts": {account(name): password, news(name): password},
            "mail_aliases": {"captain": "root", "news": "root"},
            "mail_bulk": {
                "accounts": [news(name)],
                "bounces": f"bounces.{domain(name)}",
                "secret": {"env": "BULK_SECRET"},
            },
            "mail_shaping": {"harbor": harbor},
        }
        for name in MAIL_HOSTS
    }
    return json.dumps(data)


def domain(name: str) -> str:
    return MAIL_HOSTS[name].partition("@")[2]


def news(name: str) -> str:
    return f"news@{domain(name)}"


@pytest.fixture(scope="module", autouse=True)
def configured(lab: Raised) -> Iterator[None]:
    """Mail hosts with a bulk stream, whose group of receivers is the stand-in."""
    assert lab
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BULK_SECRET", uuid4().hex)
        patch.setenv("OWN_HOST_DATA", own_data(BY_MX))
        done = pyinfra("deploys/site.py", "-y", *UNPROVED)
        assert done.returncode == 0, done.stdout
        records(("mx.shaped", "A", LAB.address("ns")), ("one", "MX", MX), ("two", "MX", MX))
        yield
    records(("mx.shaped", "A", ""), ("one", "MX", ""), ("two", "MX", ""))
    restored()


def sent(name: str, *recipients: str) -> None:
    """Submit a message with the bulk account of a host."""
    text = f"From: {news(name)}\r\nTo: {news(name)}\r\nSubject: {uuid4().hex}\r\n\r\nAhoy.\r\n"
    with connected(name) as smtp:
        smtp.login(news(name), PASSWORD.read_text().strip())
        assert smtp.sendmail(news(name), recipients, text) == {}


def many(each: int = EACH) -> tuple[str, ...]:
    return tuple(f"reader{n}@{to}" for n in range(each) for to in (ONE, TWO))


def group(name: str, domain: str) -> str:
    """Return the answer of the program on a host for a domain."""
    return on(name, f"postmap -q {domain} {SOCKET}:receivers 2>&1 || true")


def told(name: str, words: str) -> None:
    """Wait until the program has written words to its log since it was started."""
    run = f"$(systemctl show -p InvocationID --value {UNIT})"
    settled(name, f"journalctl _SYSTEMD_INVOCATION_ID={run} | grep '{words}'")


def test_a_second_run_changes_nothing() -> None:
    said = deployed()

    assert said.count("No changes") == said.count("--> Starting operation") * len(MAIL_HOSTS)


@BOTH
def test_two_domains_behind_one_mx_have_one_limit(name: str) -> None:
    with standing_in():
        sent(name, *many())
        on(name, "systemctl reload pyinfra-mail-bulk")
        seen = counted(2 * EACH)

    assert seen["most"] == 3  # not less either, or the test shows nothing
    assert seen["messages"] == {"1": 2 * EACH}
    assert seen["domains"] == {ONE: EACH, TWO: EACH}


@BOTH
def test_a_domain_keeps_its_group_while_the_dns_fails_and_an_unknown_one_waits(name: str) -> None:
    assert group(name, ONE) == "receiver-harbor:"
    assert group(name, ZONE) == "receiver-default:"
    on(name, f"systemctl restart {UNIT}; systemctl stop unbound")
    with undone(name, "systemctl start unbound"):
        settled(name, "test -S /run/pyinfra-mail-receivers/socket")
        assert group(name, ONE) == "receiver-harbor:"
        assert "not known yet" in group(name, f"three.{ZONE}")


@BOTH
def test_a_program_that_dies_comes_back_and_counts_every_result_once(name: str) -> None:
    before, key = results(name), ("harbor", "delivered")
    with standing_in():
        sent(name, *many(EACH))
        counted(2 * EACH)
        on(name, f"systemctl kill -s KILL {UNIT}")

    settled(name, f"postmap -q {ONE} {SOCKET}:receivers")
    assert since(name, before, Counter({key: 2 * EACH}))[key] == 2 * EACH


@BOTH
def test_a_group_that_defers_is_slowed_and_other_mail_goes(name: str) -> None:
    on(name, "postsuper -c /etc/postfix-bulk -d ALL")  # what an earlier run may have left
    with standing_in():
        on("ns", f"touch {DEFERS}")
        sent(name, *many(MUCH))
        told(name, "group harbor is slowed to 60 messages")
        reason = "receivers of group harbor defer mail"
        settled(name, f"postqueue -c /etc/postfix-bulk -p | grep '{reason}'")
        settled("ns", f"test -s {COUNTS}")
        tried = counts()["deferred"]
        token = uuid4().hex
        sent(name, f"traveller+{token}@{ZONE}")
        settled("peer", f"grep -rq {token} /var/mail/traveller@{ZONE}/Maildir/new")
        only = ("--data", "verify_only=bulk.receivers", "--data", f"verify_host={name}")
        pyinfra("deploys/verify.py", "-y", *only)
        found = report(PART)["findings"]
        on("ns", f"rm {DEFERS}")
        # Its step is over: a quarter of an hour is not waited for here.
        on(name, f"systemctl stop {UNIT}; sed -i 's/\\[1, [0-9.]*/[1, 1000000000/' {STATE}")
        on(name, f"systemctl start {UNIT}")
        settled(name, "test -S /run/pyinfra-mail-receivers/socket")
        group(name, ONE)
        told(name, "group harbor is no longer slowed")
        on(name, "postqueue -c /etc/postfix-bulk -f")
        after = counted(2 * MUCH)

    assert 10 <= tried < 2 * MUCH
    assert {one["severity"] for one in found if one["id"] == "bulk.receivers"} == {"warning"}
    assert any(f"wait for {ONE}; its group is slowed" in one["saw"] for one in found)
    assert after["most"] == 3


@BOTH
def test_connections_that_are_used_again_stay_within_the_limit(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OWN_HOST_DATA", own_data(REUSED))
    deployed()
    with standing_in():
        sent(name, *many())
        seen = counted(2 * EACH)

    assert seen["most"] <= 8
    assert max(map(int, seen["messages"])) == 5


# A new address of each host, and what its mail leaves by that the plan has no room for.
NEW = {"mx1": str(LAB.lab.network4[42]), "mx2": str(LAB.lab.network4[43])}
REST = {"mx1": str(LAB.lab.network4[44]), "mx2": LAB.address("mx2")}
PLAN = [15, 30]
JUMP = f"/run/systemd/system/{UNIT}.d/jump.conf"
PROGRAM_OF_GROUPS = (
    "import runpy, sys, time; now, up = time.time, time.clock_gettime; "
    "time.time = lambda: now() + {step}; time.clock_gettime = lambda one: up(one) + {up}; "
    "sys.argv[1:] = ['/etc/pyinfra-mail-receivers/receivers.json']; "
    "runpy.run_module('pyinfra_mail.host.receivers', run_name='__main__')"
)


def stream_addresses(name: str) -> list[str]:
    """Return the stream's addresses; the rest of mx2 leaves as ordinary mail does."""
    return [NEW[name], REST[name]] if name == "mx1" else [NEW[name]]


def warmup_data() -> str:
    """Return the data of the hosts: two receiver groups, and a new address of the stream."""
    data = json.loads(own_data({"domains": [ONE], "concurrency": 3}))
    for name, keys in data.items():
        keys["mail_shaping"]["island"] = {"domains": [TWO], "concurrency": 3}
        keys["mail_bulk"]["addresses"] = stream_addresses(name)
        rest = "address" if name == "mx1" else "host"
        start = date("30 days ago")
        keys["mail_warmup"] = {"address": NEW[name], "start": start, "plan": PLAN, "rest": rest}
    return json.dumps(data)


@pytest.fixture(scope="module")
def new_addresses(configured: None) -> Iterator[None]:
    """Hosts whose stream has a new address."""
    del configured
    for name in MAIL_HOSTS:
        for address in stream_addresses(name):
            on(name, f"ip address replace {address}/26 dev eth0")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OWN_HOST_DATA", warmup_data())
        deployed()
        yield
    jumped(0)


@pytest.fixture
def first_day(new_addresses: None) -> None:
    """The new addresses have sent nothing yet, and nothing waits for them."""
    del new_addresses
    begun_anew()


def begun_anew() -> None:
    for name in MAIL_HOSTS:
        on(name, "postsuper -c /etc/postfix-bulk -d ALL")
        on(name, f"systemctl stop {UNIT}; rm -f {paths.VOLUME}* {STATE}; systemctl start {UNIT}")
        settled(name, f"postmap -q {ONE} {SOCKET}:receivers")


def left(each: int, first: int = 0) -> dict[str, int]:
    """Return the messages by source and domain, of so many sent to each domain by each host."""
    recipients = [f"reader{first + n}@{to}" for n in range(each) for to in (ONE, TWO)]
    with standing_in():
        for name in MAIL_HOSTS:
            sent(name, *recipients)
        return accepted(2 * each * len(MAIL_HOSTS))


def by_day(new: int, rest: int) -> dict[str, int]:
    """Return the same for so many by the new address, and so many by the other."""
    ways = ((NEW, new), (REST, rest))
    found = {f"{of[name]} {to}": n for of, n in ways for name in MAIL_HOSTS for to in (ONE, TWO)}
    return {key: count for key, count in found.items() if count}


def jumped(step: int, up: int = 0) -> None:
    """Start the program of the receiver groups with another clock; 0 is the true one."""
    for name in MAIL_HOSTS:
        program = PROGRAM_OF_GROUPS.format(step=step, up=up)
        lines = f'[Service]\nExecStart=\nExecStart=/usr/bin/python3 -B -c "{program}"\n'
        on(name, f"rm -f {JUMP}")
        if step:
            put(name, {JUMP: lines})
        on(name, f"systemctl daemon-reload; systemctl restart {UNIT}")


def checked() -> dict[str, Any]:
    """Return the findings about the warm-up by host, and their severities."""
    pyinfra("deploys/verify.py", "-y", "--data", "verify_only=bulk.warmup")
    return {
        one["host"]: (one["severity"], one["saw"])
        for one in report(PART)["findings"]
        if one["id"] == "bulk.warmup"
    }


def warmup(action: str) -> str:
    done = pyinfra("deploys/warmup.py", "-y", "--data", f"warmup={action}")
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.usefixtures("first_day")
def test_no_more_than_the_plan_leaves_by_a_new_address_to_each_group() -> None:
    assert left(30) == by_day(15, 15)
    assert {severity for severity, _ in checked().values()} == {"ok"}
    assert left(5, first=100) == by_day(0, 5)
    assert left(5) == by_day(0, 5)  # those that were granted have had their message
    said = deployed()
    assert said.count("No changes") == said.count("--> Starting operation") * len(MAIL_HOSTS)


@pytest.mark.usefixtures("first_day")
def test_a_clock_that_jumps_gives_no_second_day_and_the_next_day_gives_its_own() -> None:
    # Postfix's queue manager keeps the last answer for half a minute: other recipients than before.
    assert left(15, first=50) == by_day(15, 0)
    for step in (25 * 3600, -49 * 3600):
        jumped(step)
        assert left(3, first=200 + abs(step)) == by_day(0, 3)
    jumped(49 * 3600, up=49 * 3600)
    assert left(6, first=500) == by_day(6, 0)
    jumped(0)


@pytest.mark.usefixtures("first_day")
def test_a_burst_of_deferrals_pauses_the_new_address_until_it_is_resumed() -> None:
    with standing_in():
        on("ns", f"touch {DEFERS}")
        for name in MAIL_HOSTS:
            sent(name, *(f"late{n}@{ONE}" for n in range(12)))
        for name in MAIL_HOSTS:
            told(name, f"{NEW[name]} pauses at receivers of group harbor")
        found = checked()
        on("ns", f"rm {DEFERS}")
        for name in MAIL_HOSTS:
            on(name, "postqueue -c /etc/postfix-bulk -f")
        sources = accepted(12 * len(MAIL_HOSTS))
    listed, resumed, again = (warmup(action) for action in ("list", "resume", "resume"))

    assert {severity for severity, _ in found.values()} == {"warning"}
    for name in MAIL_HOSTS:
        assert f"no mail leaves by {NEW[name]} to group harbor since" in found[name][1]
        assert f"paused, {NEW[name]} at harbor: " in listed
    assert sources == {f"{REST[name]} {ONE}": 12 for name in MAIL_HOSTS}
    assert resumed.count("No changes") == 0
    assert again.count("No changes") == len(MAIL_HOSTS)
    assert left(1, first=900) == by_day(1, 0)


NEW6 = str(LAB.lab.network6[0x42])  # of mx1
SIX, THREE = f"six.{ZONE}", f"three.{ZONE}"  # the first has the stand-in as its MX, with IPv6
WAYS = (
    ("mx.shaped6", "A", LAB.address("ns")),
    ("mx.shaped6", "AAAA", str(LAB.lab.address6(LAB.host("ns")))),
    ("six", "MX", f"10 mx.shaped6.{ZONE}."),
    ("three", "MX", f"10 mail.{ZONE}."),
)


def other_ways() -> str:
    """Return the data of the hosts: mail that the plan has no room for waits, or has a relay."""
    data = json.loads(own_data({"domains": [SIX], "concurrency": 3}))
    of_rest = {
        "mx1": {"address": NEW6, "start": date("30 days ago"), "rest": "wait"},
        "mx2": {"address": NEW["mx2"], "start": date("30 days"), "rest": "relay"},
    }
    for name, keys in data.items():
        keys["mail_warmup"] = {**of_rest[name], "plan": PLAN}
    data["mx1"]["mail_bulk"]["addresses"] = [NEW["mx1"], NEW6]
    data["mx2"]["mail_bulk"]["addresses"] = [NEW["mx2"]]
    data["mx2"]["mail_relay"] = {"warmup": {"host": f"mx.shaped.{ZONE}:25", "tls": "may"}}
    return json.dumps(data)


def date(words: str) -> str:
    return on("mx1", f"date -u -d '{words}' +%F").strip()


@pytest.mark.usefixtures("new_addresses")
def test_what_the_plan_has_no_room_for_waits_or_goes_to_a_relay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An IPv6 address sends its share; a plan that begins later has no room for anything."""
    monkeypatch.setenv("OWN_HOST_DATA", other_ways())
    address = f"{NEW6}/{LAB.lab.network6.prefixlen} dev eth0"
    # Preferred, it would become the source of the host's other mail.
    on("mx1", f"ip address replace {address} nodad preferred_lft 0")
    records(*WAYS)
    with undone("mx1", f"postsuper -c /etc/postfix-bulk -d ALL; ip address del {address}"):
        deployed()
        begun_anew()
        with standing_in():
            sent("mx1", *(f"reader{n}@{SIX}" for n in range(PLAN[0] + 3)))
            sent("mx2", *(f"reader{n}@{THREE}" for n in range(3)))
            sources = accepted(PLAN[0] + 3)
            waiting = "postqueue -c /etc/postfix-bulk -p | grep -c 'no room now'"
            settled("mx1", f"test $({waiting}) = 3")
    records(*((name, kind, "") for name, kind, _ in WAYS))

    assert sources == {f"{NEW6} {SIX}": PLAN[0], f"{NEW['mx2']} {THREE}": 3}
