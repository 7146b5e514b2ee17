"""
Campaign of the demo: one message to two hundred recipients, at three receivers of the peer.

Of the recipients some do not exist, one complains (ARF, RFC 5965), and one unsubscribes with one
click (RFC 8058). The next report shows what became of the messages.
"""

import json
import re
import secrets
import shlex
import smtplib
import ssl
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email import message_from_string, policy
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any

from pyinfra import logger
from pyinfra.api import deploy, operation

from ..mail import paths
from ..mail.errors import MailError
from ..mail.settings.secret import file
from ..run.https import Https
from ..run.remote import Commands
from . import state
from .definition import ACME, READER, Lab, LabError, LabHost, named
from .inventory import ACCOUNT, password
from .podman import call, run

SENDER = "mx1"  # the mail host
RECEIVERS = {"crowded": 70, "greylist": 20, "tls": 110}  # messages to each; the last one bounces
COMPLAINS, LEAVES = 0, 1  # numbers of recipients at the last receiver
# Nobody wants to wait five minutes for a demo.
SOON = {"minimal_backoff_time": "2s", "maximal_backoff_time": "4s", "queue_run_delay": "2s"}
EVENTS = f"{paths.BULK_STATE}/events.jsonl"
ROOT = f"https://{ACME}:15000/roots/0"
ONE_CLICK = "List-Unsubscribe=One-Click"  # RFC 8058 section 3.1
SECONDS = 20  # for an answer
# A message that is on its way while Postfix reads a new table of receivers waits for a new message,
# or for 300 seconds.
SCAN = f"postkick -c {paths.POSTFIX_BULK} public qmgr I || true"  # it is away for a moment
PATIENCE, PAUSE = 300, 0.5  # seconds, until every message is delivered or bounced
REPORT = """From: feedback@{domain}
To: {to}
Date: {date}
Subject: A reader complains
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="part"

--part

A reader calls this message spam.

--part
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Lab/1
Version: 1
Original-Mail-From: <{sender}>

--part
Content-Type: message/rfc822

{message}
--part--
"""


def keys(lab_name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of the bulk stream of a host; raise LabError if its CA does not answer."""
    lab, directory = named(lab_name), state.directory(lab_name)
    domain = data["mail_domains"][0]
    authorities = directory / "authorities.pem"
    authorities.write_text(_authorities(lab))
    return {
        "mail_acme_ca_file": str(authorities),  # it vouches for the site that unsubscribes, too
        "mail_aliases": {ACCOUNT: "root", "news": "anna"},
        "mail_accounts": {
            **data["mail_accounts"],
            _author(domain): {"password": password(lab)},
        },
        "mail_bulk": {
            "accounts": [_author(domain)],
            "bounces": f"bounces.{domain}",
            "secret": file(directory / "bulk-secret"),
            "postfix_main": SOON,
        },
        "mail_shaping": {
            name: {
                "domains": [f"{name}.{lab.only('peer').domains[0]}"],
                "concurrency": 4,
                "messages_per_connection": 3,
            }
            for name in RECEIVERS
        },
    }


def _author(domain: str) -> str:
    return f"news@{domain}"


def _authorities(lab: Lab) -> str:
    """Return the certificates of the lab's authority, and of that of its ACME server."""
    own = state.keys(lab).authority()
    ns = str(lab.address4(lab.only("ns")))
    try:
        return own + Https(own).get(ROOT, SECONDS, ns).text
    except MailError as error:
        raise LabError(
            f"the ACME server of the lab {lab.name!r} does not answer: {error}"
        ) from None


@deploy("Campaign")
def campaign() -> None:
    """Send the campaign from a mail host of the lab, which has been set up."""
    campaign_sent(name="Deliveries: each message arrives or bounces", lab=named("lab"))


@operation(is_idempotent=False)
def campaign_sent(lab: Lab) -> Commands:
    """
    Send a new campaign, and wait until it is known what became of each message.

    + lab: lab whose mail host sends it
    """
    yield call(_sent, lab)


def _sent(lab: Lab) -> None:
    new = Campaign(lab, secrets.token_hex(4))
    try:
        new.submit()
        new.settle("messages are delivered", new.delivered, new.readers)
        new.complain()
        new.unsubscribe()
        new.settle("events are noted", new.events, new.wanted)
    except (OSError, smtplib.SMTPException, MailError) as error:
        raise LabError(f"the campaign failed: {error}") from error
    for name, count in RECEIVERS.items():
        logger.info("    %s: %s sent, %s delivered, 1 bounced", name, count, count - 1)
    logger.info("    1 reader has complained, 1 has unsubscribed")


@dataclass(frozen=True)
class Campaign:
    """One campaign; the token is in each of its recipients."""

    lab: Lab
    token: str

    @property
    def host(self) -> LabHost:
        """Return the host that sends it."""
        return next(one for one in self.lab.of("mail") if one.name == SENDER)

    @property
    def address(self) -> str:
        """Return the address of this host."""
        return str(self.lab.address4(self.host))

    @property
    def author(self) -> str:
        """Return the account that submits it."""
        return _author(self.host.domains[0])

    @property
    def readers(self) -> Counter[str]:
        """Return the numbers of recipients that exist, by receiver."""
        return Counter({name: count - 1 for name, count in RECEIVERS.items()})

    @property
    def wanted(self) -> Counter[str]:
        """Return the numbers of events that have to come of it, by kind."""
        return Counter(hard=len(RECEIVERS), complaint=1, unsubscribe=1)

    @property
    def recipients(self) -> list[str]:
        """Return all recipients."""
        return [self.recipient(name, n) for name, count in RECEIVERS.items() for n in range(count)]

    def recipient(self, receiver: str, number: int) -> str:
        """Return a recipient; the last one of a receiver does not exist."""
        who = READER if number < self.readers[receiver] else "nobody"
        return f"{who}+{self.token}-{number}@{receiver}.{self.lab.only('peer').domains[0]}"

    def submit(self) -> None:
        """Submit the message with the account of the stream."""
        message = EmailMessage()
        message["From"], message["To"] = self.author, self.author
        message["Subject"], message["Date"] = "News of the harbour", formatdate()
        message["Message-ID"] = make_msgid(domain=self.host.domains[0])
        message["List-Id"] = f"<news.{self.host.domains[0]}>"
        message.set_content("The lighthouse has a new lamp.\n")
        context = ssl.create_default_context(cadata=_authorities(self.lab))
        context.check_hostname = False  # it is asked by its address
        with smtplib.SMTP_SSL(self.address, timeout=SECONDS, context=context) as smtp:
            smtp.login(self.author, password(self.lab).resolve())
            if refused := smtp.send_message(message, self.author, self.recipients):
                raise LabError(f"{SENDER} refused {len(refused)} recipients")

    def complain(self) -> None:
        """Have a reader complain, as receivers tell it."""
        peer = self.lab.only("peer").domains[0]
        to = f"complaints@bounces.{self.host.domains[0]}"
        text = self._delivered_to(COMPLAINS)
        message = message_from_string(text, policy=policy.default)
        sender = str(message["Return-path"]).strip("<>")
        report = REPORT.format(domain=peer, to=to, date=formatdate(), sender=sender, message=text)
        self._on("peer", f"printf %s {shlex.quote(report)} | exim -i -f postmaster@{peer} {to}")

    def unsubscribe(self) -> None:
        """Have a reader unsubscribe with one click."""
        message = message_from_string(self._delivered_to(LEAVES), policy=policy.default)
        found = re.search(r"<(https://[^>]+)>", str(message["List-Unsubscribe"]))
        if not found:
            raise LabError("a message has no List-Unsubscribe header with a URL")
        page = Https(_authorities(self.lab)).post(found[1], ONE_CLICK, SECONDS, self.address)
        if page.status != 200:  # noqa: PLR2004 - OK
            raise LabError(f"the click at {found[1]} is answered with status {page.status}")

    def settle(self, words: str, counts: Callable[[], Counter[str]], wanted: Counter[str]) -> None:
        """Wait until the counts are the wanted ones; raise LabError if they do not get so."""
        end = time.monotonic() + PATIENCE
        while (seen := counts()) != wanted:
            if time.monotonic() > end:
                raise LabError(f"not all {words}: {dict(seen)} of {dict(wanted)}")
            self._on(SENDER, SCAN)
            time.sleep(PAUSE)

    def delivered(self) -> Counter[str]:
        """Return the numbers of messages in the mailboxes of readers, by receiver."""
        return Counter(path.split("/")[4].partition(".")[0] for path in self._paths(self.token))

    def events(self) -> Counter[str]:
        """Return the numbers of events that the handler has noted, by kind."""
        lines = self._on(SENDER, f"grep -h {self.token} {EVENTS} || true").splitlines()
        return Counter(json.loads(line)["kind"] for line in lines)

    def _delivered_to(self, number: int) -> str:
        """Return the message that a recipient at the last receiver has got."""
        recipient = self.recipient([*RECEIVERS][-1], number)
        (path,) = self._paths(recipient)
        return self._on("peer", f"cat {path}")

    def _paths(self, word: str) -> list[str]:
        """Return the paths of delivered messages whose envelope recipient has a word in it."""
        folders = f"/var/mail/{READER}/*/new"
        return self._on("peer", f"grep -rl 'Envelope-to: .*{word}' {folders} || true").split()

    def _on(self, name: str, command: str) -> str:
        host = next(one for one in self.lab.hosts if one.name == name)
        return run(("podman", "exec", self.lab.container(host), "sh", "-c", command), SECONDS)
