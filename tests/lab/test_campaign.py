"""
A campaign from both Debians, as one stream: what becomes of each message, and who hears of it.

Its receivers are an Exim that behaves as large ones do, and a stand-in that writes bounces in other
dialects. The hosts share their suppressed recipients in a real PostgreSQL, and tell a webhook.
"""

import json
import re
import shlex
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from deploys.host.bulk.inbox import Stream
from deploys.lab import state
from deploys.lab.definition import READER, RECEIVERS
from deploys.mail.verp import day_number
from tests.host.bulk import samples
from tests.lab.labs import Raised
from tests.lab.mail_client import PASSWORD, account, connected, found, rcpt, submitted
from tests.lab.runs import (
    LAB,
    MAIL_HOSTS,
    deployed,
    on,
    restored,
    settled,
    undone,
)
from tests.lab.stand_in import counts, standing_in
from tests.lab.test_bounces import EVENTS, SECRET, UNIT, asked, from_outside
from tests.lab.test_bulk import SOON
from tests.lab.tls import both, put, records
from tests.lab.volume import Results, results, since

BOTH = pytest.mark.parametrize("name", MAIL_HOSTS)
ZONE = "faraway.example"
NEWS, BOUNCES = "news@harbor.example", "bounces.harbor.example"
HOOK, HOOK_NAME, HEARD = "/run/hook.py", f"hook.{ZONE}", "/run/hook.jsonl"
NOBODY = "550 5.1.1 User unknown"
SLOT = {"recipient": "{recipient}", "verp": "{sender}"}  # of a report, which a rule fills
# Receivers of the stand-in, each with the dialect of its bounces.
DIALECTS = {
    f"rfc3464.{ZONE}": samples.postfix("5.1.1", NOBODY, **SLOT),
    f"qmail.{ZONE}": samples.qmail(NOBODY, **SLOT),
    f"exchange.{ZONE}": samples.exchange("5.1.10", "550 5.1.10 RESOLVER.ADR.NotFound", **SLOT),
}
ANGRY = f"arf.{ZONE}"  # its readers complain
# Readers and unknown recipients at each receiver.
SENT = {
    f"crowded.{ZONE}": (12, 1),
    f"dane.{ZONE}": (3, 0),
    f"greylist.{ZONE}": (8, 1),
    f"quota.{ZONE}": (14, 1),
    f"tarpit.{ZONE}": (5, 1),
    f"tls.{ZONE}": (8, 1),
    **dict.fromkeys(DIALECTS, (3, 1)),
    ANGRY: (1, 0),
}
WAITING = Counter({f"dane.{ZONE}": 3, f"quota.{ZONE}": 4})
# The receiver with a limit a day is in the group of all others, which is never slowed as a whole.
GROUPS = {
    **{
        one.partition(".")[0]: {"domains": [one], "concurrency": 4}
        for one in RECEIVERS
        if not one.startswith("quota.")
    },
    "crowded": {
        "domains": [f"crowded.{ZONE}"],
        "concurrency": 2,
        "messages_per_connection": 5,
    },
    "standin": {"mx": [f"mx.standin.{ZONE}"], "concurrency": 4},
}
POSTGRESQL = """
export DEBIAN_FRONTEND=noninteractive
test -d /etc/postgresql || {{ apt-get -qq update && apt-get -qq install -y -o \
    Dpkg::Options::=--force-unsafe-io --no-install-recommends postgresql; }} >/root/postgresql 2>&1
cd /etc/postgresql/*/main
echo "listen_addresses = '*'" >conf.d/lab.conf
grep -q bulk pg_hba.conf || echo 'host bulk bulk {network} scram-sha-256' >>pg_hba.conf
systemctl restart postgresql
cd /
su postgres -c "psql -q" <<'END'
DROP DATABASE IF EXISTS bulk;
DROP ROLE IF EXISTS bulk;
CREATE ROLE bulk LOGIN PASSWORD '{password}';
CREATE DATABASE bulk OWNER bulk;
END
"""
# The operator's own system, which notes the id and the event of each request.
RECEIVER_OF_EVENTS = f"""
import http.server, json, ssl
class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open({HEARD!r}, "a") as file:
            print(json.dumps([self.headers["webhook-id"], json.loads(body)]), file=file)
        self.send_response(204)
        self.end_headers()
server = http.server.ThreadingHTTPServer(("", 8443), Hook)
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain("/run/hook.pem", "/run/hook.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


@dataclass(frozen=True)
class Outcome:
    """Messages for one receiver: sent, and what became of them."""

    sent: int
    delivered: int
    bounced: int
    waiting: int


def own_data() -> str:
    """Return the data of the hosts: one stream, with a database and a webhook."""
    secret = PASSWORD.read_text().strip()
    command = ("openssl", "passwd", "-6", "-salt", "saltsalt", "-stdin")
    hashed = subprocess.run(command, input=secret, capture_output=True, text=True, check=True)
    password = {"password": hashed.stdout.strip()}
    stream = {
        "accounts": [NEWS],
        "bounces": BOUNCES,
        "secret": {"env": "BULK_SECRET"},
        "database": {"env": "BULK_DATABASE"},
        "webhook": {"url": f"https://{HOOK_NAME}:8443/", "secret": {"env": "BULK_SECRET"}},
        "postfix_main": SOON,
    }
    data: dict[str, Any] = {
        name: {
            "mail_accounts": {account(name): password, NEWS: password},
            "mail_aliases": {"captain": "root"},
            "mail_bulk": stream,
            "mail_shaping": GROUPS,
        }
        for name in MAIL_HOSTS
    }
    data["mx1"]["mail_aliases"]["news"] = "root"
    data["mx2"]["mail_sending_domains"] = ["harbor.example"]
    return json.dumps(data)


@pytest.fixture(scope="module", autouse=True)
def configured(lab: Raised) -> Iterator[None]:
    """Mail hosts of one stream, its receivers, its database, and its webhook."""
    assert lab
    password = uuid4().hex
    on("peer", POSTGRESQL.format(network=LAB.lab.network4, password=password))
    on("ns", f"rm -f {HEARD}")
    keys = state.keys(LAB.lab)
    put(
        "ns",
        {
            HOOK: RECEIVER_OF_EVENTS,
            "/run/hook.pem": keys.tls_certificate(HOOK_NAME),
            "/run/hook.key": keys.tls_private(HOOK_NAME),
        },
    )
    own = ("mx.standin", HOOK_NAME.partition(".")[0])
    domains = [one.partition(".")[0] for one in (*DIALECTS, ANGRY)]
    authority = "/usr/local/share/ca-certificates/lab.crt"
    for name in MAIL_HOSTS:
        put(name, {authority: keys.authority()})
        on(name, "update-ca-certificates >/dev/null 2>&1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OWN_HOST_DATA", own_data())
        patch.setenv("BULK_SECRET", SECRET)
        url = f"postgresql://bulk:{password}@{LAB.address('peer')}/bulk"
        patch.setenv("BULK_DATABASE", url)
        deployed()
        records(
            *((one, "A", LAB.address("ns")) for one in own),
            *((one, "MX", f"10 mx.standin.{ZONE}.") for one in domains),
        )
        yield
    on("peer", "systemctl disable --now postgresql")
    for name in MAIL_HOSTS:
        on(name, f"rm {authority}; update-ca-certificates --fresh >/dev/null 2>&1")
        on(name, "postsuper -c /etc/postfix-bulk -d ALL")
    records(*((one, "A", "") for one in own), *((one, "MX", "") for one in domains))
    restored()


def rules() -> list[dict[str, str]]:
    """Return the rules of the stand-in: bounces of unknown recipients, complaints of readers."""
    bounces = [
        {"recipient": rf"nobody\+.*@{domain}", "to": "{sender}", "text": text.decode()}
        for domain, text in DIALECTS.items()
    ]
    complaint = samples.arf(sender="{sender}").decode().replace("fbl-1@example.net", "{recipient}")
    to = f"complaints@{BOUNCES}"
    return [*bounces, {"recipient": f".*@{ANGRY}", "to": to, "text": complaint}]


@contextmanager
def listening() -> Iterator[None]:
    """Start the operator's own system, which hears of events, and stop it."""
    on("ns", f"systemd-run --quiet --unit=hook python3 {HOOK}")
    try:
        yield
    finally:
        on("ns", "systemctl stop hook; systemctl reset-failed hook 2>/dev/null || true")


def recipients(token: str) -> list[str]:
    """Return the recipients of a campaign; each has its token."""
    return [
        f"{who}+{token}-{number}@{domain}"
        for domain, counts in SENT.items()
        for who, count in zip((READER, "nobody"), counts, strict=True)
        for number in range(count)
    ]


def submit(name: str, *to: str) -> None:
    """Submit a message with the bulk account of a host."""
    text = f"From: {NEWS}\r\nTo: {NEWS}\r\nSubject: {uuid4().hex}\r\n\r\nAhoy.\r\n"
    with connected(name) as smtp:
        smtp.login(NEWS, PASSWORD.read_text().strip())
        assert smtp.sendmail(NEWS, to, text) == {}


def asked_as_bulk(name: str, recipient: str) -> str:
    """Return what the bulk account hears at RCPT."""
    with connected(name) as smtp:
        smtp.login(NEWS, PASSWORD.read_text().strip())
        return rcpt(smtp, NEWS, recipient)


def delivered(token: str) -> Counter[str]:
    """Return the numbers of messages that receivers have kept, by domain."""
    lines = on("peer", f"grep -rl 'Envelope-to: .*{token}' /var/mail/{READER} || true").split()
    kept = Counter(one.split("/")[4] for one in lines)
    counted = counts()
    for domain, count in counted.get("domains", {}).items():
        # A complaint is about a message that was delivered.
        kept[domain] = count - (counted["reports"].get(domain, 0) if domain in DIALECTS else 0)
    return kept


def rows(query: str) -> list[str]:
    """Return the rows of a query to the database."""
    command = shlex.quote(f"psql -At bulk -c {shlex.quote(query)}")
    return on("peer", f"cd /; su postgres -c {command}").splitlines()


def suppressed(token: str) -> dict[str, str]:
    """Return the suppressed recipients of a campaign, with their kinds."""
    query = f"SELECT recipient, kind FROM suppression WHERE recipient LIKE '%{token}%'"  # noqa: S608
    return dict(row.split("|") for row in rows(query))


def waiting(name: str, token: str) -> Counter[str]:
    """Return the numbers of messages of a campaign in both queues of a host, by domain."""
    queued = on(name, "postqueue -j; postqueue -c /etc/postfix-bulk -j")
    addresses = [
        recipient["address"]
        for line in queued.splitlines()
        for recipient in json.loads(line)["recipients"]
    ]
    return Counter(one.rpartition("@")[2] for one in addresses if token in one)


def outcomes(name: str, token: str) -> dict[str, Outcome]:
    """Return what became of a campaign at each receiver."""
    queued, kept = waiting(name, token), delivered(token)
    hard = [one for one, kind in suppressed(token).items() if kind == "hard"]
    bounced = Counter(one.rpartition("@")[2] for one in hard)
    return {
        domain: Outcome(sum(counts), kept[domain], bounced[domain], queued[domain])
        for domain, counts in SENT.items()
    }


def ended(name: str, token: str, wanted: dict[str, Outcome]) -> dict[str, Outcome]:
    """Return what became of a campaign, once it is as wanted or two minutes are over."""
    for _ in range(120):
        seen = outcomes(name, token)
        if seen == wanted and "complaint" in suppressed(token).values():
            break
        time.sleep(1)
    return seen


def answered() -> Results:
    """Return the last results of the receivers of a campaign, by group, at RCPT or DATA."""
    found: Results = Counter()
    for domain, (readers, unknown) in SENT.items():
        own = domain.partition(".")[0]
        group = "standin" if domain in (*DIALECTS, ANGRY) else own if own in GROUPS else "default"
        later = unknown if group == "standin" else 0  # accepted, and then answered with a bounce
        found[group, "delivered"] += readers - WAITING[domain] + later
        found[group, "bounced"] += unknown - later
    return +found


def final(found: Results) -> Results:
    """Return the results after which no attempt follows."""
    return Counter({key: count for key, count in found.items() if key[1] != "deferred" and count})


def heard() -> set[str]:
    """Return the ids of the requests to the webhook."""
    lines = on("ns", f"cat {HEARD} 2>/dev/null || true").splitlines()
    return {json.loads(line)[0] for line in lines}


def test_a_second_run_changes_nothing() -> None:
    said = deployed()

    assert said.count("No changes") == said.count("--> Starting operation") * len(MAIL_HOSTS)


@BOTH
def test_each_message_of_a_campaign_is_delivered_or_bounced_or_waits(name: str) -> None:
    on("peer", "rm -f /var/spool/exim4/db/ratelimit* /var/spool/exim4/db/seen*")
    token = uuid4().hex[:8]
    wanted = {
        domain: Outcome(readers + unknown, readers - WAITING[domain], unknown, WAITING[domain])
        for domain, (readers, unknown) in SENT.items()
    }
    before = results(name)
    with standing_in(rules()), listening():
        submit(name, *recipients(token))
        seen = ended(name, token, wanted)
        settled("ns", f"test $(grep -c {token} {HEARD}) -ge {len(suppressed(token))}")
        ours = final(since(name, before, answered()))

    assert seen == wanted
    for domain, one in seen.items():
        assert one.sent == one.delivered + one.bounced + one.waiting, domain
    assert ours == answered()  # each result once
    kinds = Counter(suppressed(token).values())
    assert kinds == {"hard": sum(unknown for _, unknown in SENT.values()), "complaint": 1}


def test_a_recipient_that_bounces_at_one_host_is_refused_at_both() -> None:
    for first in MAIL_HOSTS:
        with listening():
            recipient = bounced(first)
            settled("ns", f"grep -q {recipient} {HEARD}")

        for name in MAIL_HOSTS:
            said = asked_as_bulk(name, recipient)
            assert re.match(r"550 5\.7\.1 .*\(hard bounce\)", said)
            assert asked(name, recipient).startswith("250")


def test_events_while_the_webhook_is_away_are_told_later_by_the_same_id() -> None:
    missed = both(bounced)
    for name in MAIL_HOSTS:
        settled(name, f"journalctl -u {UNIT} -n 20 | grep 'the webhook did not take event'")
    with listening():
        for recipient in missed.values():
            settled("ns", f"grep -q {recipient} {HEARD}")

    assert heard() == {*rows("SELECT key FROM event")}
    assert rows("SELECT count(*) FROM webhook") == ["0"]


def bounced(name: str) -> str:
    """Have a recipient bounce, and return it once the event is noted."""
    recipient = f"nobody+{uuid4().hex[:8]}@tls.{ZONE}"
    submit(name, recipient)
    settled(name, f"grep -q {recipient} {EVENTS}")
    return recipient


def verp(recipient: str) -> str:
    """Return the envelope sender of a message to a recipient."""
    return Stream(BOUNCES, SECRET).verp.address(recipient, day_number(time.time()))


def test_without_the_database_bulk_mail_waits_and_other_mail_goes() -> None:
    reader = f"{READER}@tls.{ZONE}"
    nobody = f"nobody+{uuid4().hex[:8]}@tls.{ZONE}"
    address = verp(nobody)
    bounce = samples.qmail(NOBODY, recipient=nobody, verp=address)
    with undone("peer", "systemctl restart postgresql"):
        on("peer", "systemctl stop 'postgresql@*'")
        for name in MAIL_HOSTS:
            assert asked_as_bulk(name, reader).startswith("451")
            assert asked(name, reader).startswith("250")
            found("peer", "/var/mail/visitor", submitted(name))
            assert from_outside(name, address, bounce)[0] == 250
            settled(name, f"postqueue -p | grep -q {BOUNCES}")

    for name in MAIL_HOSTS:
        settled(name, f"postqueue -f; sleep 0.5; ! postqueue -p | grep -q {BOUNCES}")
        assert asked_as_bulk(name, reader).startswith("250")
    assert suppressed(nobody) == {nobody: "hard"}
