"""Worlds for the tests: this machine plays every host, with a sendmail of our own making."""

import base64
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from deploys.checks.core.finding import Finding
from deploys.checks.core.target import TargetDomain, TargetServer
from deploys.checks.core.world import (
    Answer,
    Cached,
    Delegation,
    Names,
    Page,
    Trust,
    UnansweredError,
    World,
)
from deploys.checks.delivery.exchange import Delivery
from deploys.checks.delivery.host_commands import Mailbox
from deploys.checks.delivery.inspection import MessageInspection
from deploys.checks.host.snapshot import SCRIPT
from deploys.mail.paths import DKIM_KEYS as KEPT
from deploys.mail.paths import DKIM_TABLE as TABLE
from deploys.mail.settings.model import Fleet
from tests.checks import snapshots
from tests.checks.signing import KEYS, signed
from tests.loopback import loopback_fleet

# Delivers into mailboxes as a mail server does, and judges what it takes for a stranger; or tells
# postmaster what became of a message.
SENDMAIL = """#!/bin/sh
while test "$1" != --; do
    case $1 in
    -N) notify=$2 ;;
    -V) id=$2 ;;
    -f) sender=$2 ;;
    esac
    shift
done
if test "$notify"; then
    said="relayed 2.0.0"
    test "$notify" = success || said="failed 5.1.1"
    file=$(mktemp)
    sed 's/^ *//' <<END >"$file"
From MAILER-DAEMON Mon Oct  5 09:30:00 2026
Content-Type: multipart/report; report-type=delivery-status; boundary=edge

--edge
Content-Type: message/delivery-status

Reporting-MTA: dns; mx1.harbor.example
Original-Envelope-Id: $id

Final-Recipient: rfc822; $2
Action: ${said% *}
Status: ${said#* }

--edge
Content-Type: text/rfc822-headers

X-Pyinfra-Mail-Test: $id

--edge--

END
    cat "$file" >>"$SPOOL/root"
    rm "$file"
    exit 0
fi
box=visitor client=mx1.harbor.example server=mail.faraway.example
case $2 in
refused@*) echo "sendmail: the queue is full" >&2; exit 75 ;;
late@*) sleep 1 ;;
lost@*) exit 0 ;;
postmaster@*) box=root client=mail.faraway.example server=mx1.harbor.example ;;
esac
file=$(mktemp)
{
    echo "From someone Mon Oct  5 09:30:00 2026"
    echo "Return-Path: <$sender>"
    echo "Received: from $client ($client [203.0.113.11])"
    echo "	by $server with ESMTPS id 4A1; $(date -R)"
    echo "Authentication-Results: mail.faraway.example; spf=pass smtp.mailfrom=harbor.example"
    for key in mx1-rsa mx1-ed25519; do
        echo " ; dkim=pass header.d=harbor.example header.s=$key"
    done
    sed 's/^From />From /'
    echo
} >"$file"
cat "$file" >>"$SPOOL/$box"  # in one write, as others append to the mailbox at the same time
rm "$file"
"""


__all__ = [
    "KEYS",
    "Machine",
    "Pages",
    "Zone",
    "fleet",
    "ids",
    "inspected",
    "target",
    "world",
]

# A mail log in which every message has left its queue.
JOURNALCTL = """#!/bin/sh
echo "4A1: to=<x@y>, orig_to=<z@y>, relay=local, delay=0.25, delays=0.1/0/0.1/0.05, dsn=2.0.0, \
status=sent (delivered to mailbox)"
"""


def now() -> str:
    return f"{time.time():.9f}"


class Machine:
    """Runs every host's commands here; all of them share one spool of mailboxes."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self.spool = folder / "spool"
        self.spool.mkdir()
        self.box = Mailbox("anyhost", str(self.spool / "visitor"))
        self._certificates = folder / "certificates"
        self._certificates.mkdir()
        self._bin = folder / "bin"
        self._bin.mkdir()
        self._output: list[str] = []
        self.tool("sendmail", SENDMAIL)
        self.tool("journalctl", JOURNALCTL)
        for algorithm, key in KEYS.items():
            (folder / f"mx1-{algorithm}.pub").write_text(f"{key}\n")

    def tool(self, name: str, script: str) -> None:
        path = self._bin / name
        path.write_text(script)
        path.chmod(0o755)

    def run(self, name: str, command: str, lines: Sequence[str], limit: float) -> list[str]:
        if name == "silent":
            raise UnansweredError(f"silent did not answer within {limit:g} s")
        if SCRIPT in command:
            return snapshots.snapshot_lines(self._certificates, {"begin": [now()], "end": [now()]})
        done = subprocess.run(
            ("sh", "-c", self._here(command)),
            input="".join(f"{_milter(line)}\n" for line in lines),
            env={"PATH": f"{self._bin}:/usr/bin:/bin", "SPOOL": str(self.spool)},
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )
        if done.returncode:
            raise UnansweredError(done.stderr)
        self._output = done.stdout.splitlines()
        return self._output

    def _here(self, command: str) -> str:
        """Return a command that looks at this machine's files instead of a host's."""
        places = {"/var/mail": str(self.spool), KEPT: self._folder, TABLE: f"{self._folder}/table"}
        for path, here in places.items():
            command = command.replace(path, here)
        return command

    def said(self, word: str) -> list[str]:
        """Return what followed a word in the last command's output."""
        return [line.removeprefix(word) for line in self._output if line.startswith(word)]


def _milter(line: str) -> str:
    """Return a message to submit with the signatures that it gets on its way out."""
    envelope, _, encoded = line.rpartition(" ")
    if "@harbor.example " not in envelope:
        return line
    return f"{envelope} {base64.b64encode(signed(base64.b64decode(encoded))).decode()}"


class Zone:
    """
    A DNS of a few names; a name that it does not know, it cannot find a server for.

    What is to be trusted and what resolvers remember is as in `trusted` and `remembered`; what is
    not there, they know as it is.
    """

    def __init__(
        self,
        answers: Mapping[tuple[str, str], Sequence[Answer]],
        delegated: Mapping[str, Sequence[str]] | None = None,
        served: Mapping[tuple[str, str], Sequence[Answer]] | None = None,
    ) -> None:
        self._answers = answers
        self.delegated, self._served = dict(delegated or {}), served or {}
        self.trusted: dict[str, Trust] = {}
        self.remembered: dict[tuple[str, str], Cached] = {}

    def delegation(self, name: str) -> Delegation:
        if name not in self.delegated:
            raise UnansweredError(f"the zone of {name} could not be found")
        return Delegation(name, tuple(self.delegated[name]))

    def answers_of(self, server: str, name: str, rdtype: str) -> tuple[Answer, ...]:  # noqa: ARG002
        return tuple(self._served.get((server, rdtype), ()))

    def trust(self, name: str, rdtype: str) -> Trust:
        if name not in self.trusted:
            raise UnansweredError(f"no answer about {rdtype} of {name}")
        return self.trusted[name]

    def resolvers(self) -> tuple[str, ...]:
        return ("192.0.2.53",)

    def cached(self, resolver: str, name: str, rdtype: str) -> Cached:
        if resolver == "192.0.2.66":
            raise UnansweredError(f"no answer about {rdtype} of {name}")
        return self.remembered.get((name, rdtype), Cached(self.lookup(name, rdtype), 60))

    def authoritative(self, name: str, rdtype: str) -> tuple[Answer, ...]:
        if (name, rdtype) not in self._answers:
            raise UnansweredError(f"no server knows {name}")
        return tuple(self._answers[name, rdtype])

    def lookup(self, name: str, rdtype: str) -> tuple[str, ...]:
        return next((one.values for one in self._answers.get((name, rdtype), ())), ())


class Gone(Zone):
    """A DNS without an answer, from servers and from resolvers."""

    def __init__(self) -> None:
        super().__init__({})

    def lookup(self, name: str, rdtype: str) -> tuple[str, ...]:
        raise UnansweredError(f"no answer about {rdtype} of {name}")


class Pages:
    """A web of a few documents, and no server but theirs."""

    def __init__(self, pages: Mapping[str, Page]) -> None:
        self._pages = pages

    def get(self, url: str, limit: float, address: str = "") -> Page:  # noqa: ARG002 - all are here
        if url not in self._pages:
            raise UnansweredError(f"{url} could not be fetched: no such server")
        return self._pages[url]

    def post(self, url: str, form: str, limit: float, address: str = "") -> Page:
        assert form
        return self.get(url, limit, address)


def world(folder: Path, *, port: int = 25, timeout: float = 5, patience: float = 3) -> World:
    return World(
        Machine(folder), Zone({}), Pages({}), timeout=timeout, patience=patience, port=port
    )


def fleet(data: Mapping[str, object] | None = None, *, witness: bool = True) -> Fleet:
    """Return mx1 of harbor.example, and visitor@faraway.example on peer."""
    host = {
        "mail_hostname": "mx1.harbor.example",
        "mail_addresses": ["127.0.0.1"],
        "mail_domains": ["harbor.example"],
        **(data or {}),
    }
    visitor = {
        "mail_witness_address": "visitor@faraway.example",
        "mail_witness_mailbox": "/var/mail/visitor",
    }
    return loopback_fleet({"mx1": host}, {"peer": visitor} if witness else {})


def target() -> TargetDomain:
    """Return harbor.example as a target, with mx1 as its server."""
    server = TargetServer(
        hostname="mx1.harbor.example", addresses=("127.0.0.1",), domains=("harbor.example",)
    )
    return TargetDomain(name="harbor.example", hosts=(server,))


class NoHosts:
    """An inventory whose hosts are all silent."""

    def run(self, name: str, command: str, lines: Sequence[str], limit: float) -> list[str]:  # noqa: ARG002
        raise UnansweredError(f"{name} did not answer within {limit:g} s")


def inspected(
    inspection: MessageInspection,
    deliveries: Iterable[Delivery],
    names: Names | None = None,
    settings: Fleet | None = None,
) -> list[Finding]:
    """Return the findings of messages in a world of names alone."""
    empty = World(NoHosts(), names or Zone({}), Pages({}))
    return list(inspection(tuple(deliveries), settings or fleet(), empty))


def ids(deliveries: Sequence[Delivery]) -> set[str]:
    return {delivery.route.message.id for delivery in deliveries}
