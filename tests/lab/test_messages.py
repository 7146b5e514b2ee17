"""What is signed is what leaves: odd messages, at a server of today and at one of RFC 821."""

import base64
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from functools import cache
from uuid import uuid4

import dkim
import pytest
from dns.resolver import Resolver

from tests.lab.labs import Raised
from tests.lab.mail_client import VISITOR, account, logged_in
from tests.lab.odd_messages import (
    CASES,
    READABLE,
    REFUSED_BY_STRICT_SERVERS,
    WITHOUT_BARE_CR,
    case,
    content,
)
from tests.lab.runs import LAB, MAIL_HOSTS, UNPROVED, deployed, on, pyinfra, restored
from tests.lab.strict_server import STRICT, settled, strict_server
from tests.lab.test_signing import both, domain_of, signatures

WAYS = ("sendmail", "submission")
LARGEST_ARGUMENT = 130_000  # octets, MAX_ARG_STRLEN of Linux
Sent = tuple[str, str, str]  # host, way, case
each = pytest.mark.parametrize(
    ("name", "way"), [(name, way) for name in MAIL_HOSTS for way in WAYS]
)


@dataclass(frozen=True)
class Arrived:
    """A message at both servers, with its sent form."""

    sent: bytes
    at_peer: str
    at_strict: bytes


@pytest.fixture(scope="module", autouse=True)
def configured(lab: Raised) -> Iterator[None]:
    """Mail hosts that sign."""
    assert lab
    done = pyinfra("deploys/site.py", "-y", *UNPROVED)
    assert done.returncode == 0, done.stdout
    yield
    restored()


@pytest.fixture(scope="module")
def arrived(configured: None) -> dict[Sent, Arrived]:
    """Every case from every host and in both ways, sent at once."""
    del configured
    with strict_server(str(LAB.lab.network4[1])) as strict:
        sent = {
            (name, way, label): message
            for name in MAIL_HOSTS
            for way in WAYS
            for label, message in sent_by(name, way, list(CASES)).items()
        }
        refused = len(MAIL_HOSTS) * len(WAYS) * len(REFUSED_BY_STRICT_SERVERS)
        peer = at_peer([token_of(one) for one in sent.values()])
        settled(strict, len(sent) - refused)
    old = {token_of(one): one for one in strict.messages}
    return {
        key: Arrived(one, peer[token_of(one)], old.get(token_of(one), b""))
        for key, one in sent.items()
    }


def sent_by(
    name: str, way: str, labels: list[str], to: tuple[str, ...] = (VISITOR, STRICT)
) -> dict[str, bytes]:
    """Send cases by a way, to both servers if nothing else is said, and return them."""
    sender = account(name)
    cases = {label: case(label, uuid4().hex, sender, VISITOR) for label in labels}
    if way == "sendmail":
        piped(name, f"sendmail -i -f {sender} {' '.join(to)}", list(cases.values()))
        return cases
    with logged_in(name) as smtp:
        for message in cases.values():
            lines = message.replace(b"\n", b"\r\n")
            smtp.sendmail(sender, to, lines, ["SMTPUTF8", "BODY=8BITMIME"])
    return cases


def piped(name: str, command: str, messages: list[bytes]) -> None:
    """Give messages to a command of a host, as many at once as one argument may hold."""
    scripts = [""]
    for message in messages:
        text = base64.b64encode(message).decode()
        script = f"base64 -d <<'end' | {command}\n{text}\nend\n"
        if len(scripts[-1]) + len(script) > LARGEST_ARGUMENT:
            scripts.append("")
        scripts[-1] += script
    for script in scripts:
        on(name, script)


def token_of(message: bytes) -> str:
    """Return the token of a message."""
    return message.split(b"X-Case: ")[1][:32].decode()


def at_peer(tokens: list[str]) -> dict[str, str]:
    """Return the messages with these tokens in the mailbox of the peer, waiting for them."""
    for _ in range(300):
        messages = f"\n{on('peer', 'cat /var/mail/visitor')}".split("\nFrom ")
        found = {one.split("X-Case: ")[1][:32]: one for one in messages if "X-Case: " in one}
        if found.keys() >= set(tokens):
            return found
        time.sleep(0.2)
    raise AssertionError(set(tokens) - found.keys())


@cache
def key(name: bytes, timeout: float = 0) -> bytes:
    """Return the record of a DKIM key, as the lab's resolver answers."""
    del timeout
    resolver = Resolver(configure=False)
    resolver.nameservers = [str(one) for one in LAB.lab.addresses(LAB.lab.only("resolver"))]
    (record,) = resolver.resolve(name.decode(), "TXT")
    return b"".join(record.strings)


@each
@pytest.mark.parametrize("label", CASES)
def test_both_signatures_verify_wherever_it_arrives(
    arrived: dict[Sent, Arrived], name: str, way: str, label: str
) -> None:
    one = arrived[name, way, label]

    assert signatures(one.at_peer) == both(name, domain_of(name))
    if label in REFUSED_BY_STRICT_SERVERS:
        assert not one.at_strict
    else:
        assert all(dkim.DKIM(one.at_strict).verify(index, key) for index in (0, 1))


@each
def test_the_content_is_what_was_sent(arrived: dict[Sent, Arrived], name: str, way: str) -> None:
    changed = [
        label
        for label in WITHOUT_BARE_CR
        if label not in REFUSED_BY_STRICT_SERVERS
        and content(arrived[name, way, label].at_strict) != content(arrived[name, way, label].sent)
    ]

    assert changed == []


@each
@pytest.mark.parametrize("row", READABLE)
def test_a_header_beyond_ascii_is_readable(
    arrived: dict[Sent, Arrived], name: str, way: str, row: tuple[str, str, str]
) -> None:
    label, field, text = row
    message = message_from_bytes(arrived[name, way, label].at_strict, policy=default)

    assert text in str(message[field])


@pytest.mark.parametrize("name", MAIL_HOSTS)
def test_an_address_beyond_ascii_that_sendmail_gets_is_sent_as_it_is(name: str) -> None:
    address = STRICT.replace("old", "grüße")
    with strict_server(str(LAB.lab.network4[1])) as strict:
        on(name, f"echo hi | sendmail -f {account(name)} '{address}'")
        settled(strict, 1)


def test_without_mail_encode_every_octet_leaves_as_it_is() -> None:
    deployed("--data", "mail_encode=False")
    labels = ["8bit", "a line of 2000 octets", "a calendar"]
    sent = {name: sent_by(name, "submission", labels, (VISITOR,)) for name in MAIL_HOSTS}

    found = at_peer([token_of(one) for cases in sent.values() for one in cases.values()])

    for name, cases in sent.items():
        for message in cases.values():
            received = found[token_of(message)]
            assert signatures(received) == both(name, domain_of(name))
            assert message.partition(b"\n\n")[2].decode().rstrip() in received
