"""For every question a world in which it passes and one in which it fails."""

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from deploys.checks.clients.endpoint import SubmissionEndpoint
from deploys.checks.clients.message import TestMessage
from deploys.checks.core.finding import Finding
from deploys.checks.core.waivers import waived
from deploys.checks.core.world import World
from deploys.checks.delivery import arrival, authentication, dkim
from deploys.checks.delivery.exchange import Delivery
from deploys.checks.delivery.host_commands import Mailbox, Received, Submitted
from deploys.checks.delivery.inspection import MessageInspection
from deploys.checks.delivery.privacy import submissions
from deploys.checks.delivery.test_messages import Route
from deploys.checks.dns import address, dmarc, keys, mx, spf, tlsa
from deploys.checks.run.reachability import HOST, present
from deploys.checks.smtp import anonymous, certificates, connect
from deploys.checks.smtp.submission import submission_port
from deploys.mail import srv
from deploys.mail.settings.model import Fleet
from deploys.mail.settings.secret import Secret, file
from deploys.mail.settings.verification import Waiver
from tests.checks import (
    honest_bulk,
    honest_bytes,
    honest_dns,
    honest_host,
    honest_notices,
    honest_policies,
    honest_refusals,
    honest_removal,
    honest_reputation,
    honest_services,
    honest_smuggling,
    honest_transport,
)
from tests.checks.pairs import Case, Pair
from tests.checks.servers import (
    AnySender,
    CatchAll,
    Handler,
    NoPostmaster,
    OpenRelay,
    Submission,
    certified,
    serving,
)
from tests.checks.worlds import KEYS, Zone, fleet, inspected, world

Asker = Callable[[Fleet, World], Iterable[Finding]]

CAPTAIN = "captain@harbor.example"
RECORDS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("harbor.example", "MX"): ("10 mx1.harbor.example.",),
    ("harbor.example", "TXT"): ("v=spf1 mx ip4:203.0.113.11 -all",),
    ("_mta-sts.harbor.example", "TXT"): (),
    ("_smtp._tls.harbor.example", "TXT"): (),
    **{(f"_{name}._tcp.harbor.example", "SRV"): () for name in srv.SERVICES},
    ("_dmarc.harbor.example", "TXT"): ("v=DMARC1; p=none",),
    ("mx1.harbor.example", "A"): ("127.0.0.1",),
    ("mx1.harbor.example", "AAAA"): (),
    ("mx1.harbor.example", "TXT"): ("v=spf1 a -all",),
    ("1.0.0.127.in-addr.arpa", "PTR"): ("mx1.harbor.example.",),
    ("_25._tcp.mx1.harbor.example", "TLSA"): (),
} | {
    (f"mx1-{algorithm}._domainkey.{domain}", "TXT"): (f"v=DKIM1; k={algorithm}; p={key}",)
    for algorithm, key in KEYS.items()
    for domain in ("harbor.example", "mx1.harbor.example")
}
SIGNED = "".join(
    f"DKIM-Signature: v=1; d=harbor.example; s=mx1-{algorithm}; b=AAAA\n" for algorithm in KEYS
)
PASSED = "spf=pass smtp.mailfrom=harbor.example; dkim=pass header.d=harbor.example"


def zone(changed: Mapping[tuple[str, str], tuple[str, ...]] | None = None) -> Zone:
    return honest_dns.whole({**RECORDS, **(changed or {})})


def published(
    asker: Asker, name: str = "", rdtype: str = "TXT", values: tuple[str, ...] = ()
) -> Case:
    """Ask a zone in which one name has other values than it should."""
    changed = {(name, rdtype): values} if name else {}
    return lambda folder: asker(fleet(), replace(world(folder), names=zone(changed)))


def in_zone(asker: Asker, name: str, rdtype: str, *values: str) -> Pair:
    """Return a zone as it should be, and one in which a name has these values."""
    return Pair(published(asker), published(asker, name, rdtype, values))


def met(
    asker: Asker, handler: Handler, *, host: str = "mx1.harbor.example", tls: bool = True
) -> Case:
    """Ask a server on this machine."""

    def case(folder: Path) -> Iterable[Finding]:
        with serving(handler, certified(folder, host) if tls else None) as port:
            return list(asker(fleet(), world(folder, port=port)))

    return case


def keyed(*, named: bool) -> Case:
    """Ask a server whose key the zone names, or does not."""

    def case(folder: Path) -> Iterable[Finding]:
        context = certified(folder)
        shown = x509.load_pem_x509_certificate((folder / "mx1.pem").read_bytes()).public_key()
        form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        digest = hashlib.sha256(shown.public_bytes(*form) if named else b"another").hexdigest()
        records = {("_25._tcp.mx1.harbor.example", "TLSA"): (f"3 1 1 {digest}",)}
        with serving(Handler(), context) as port:
            here = replace(world(folder, port=port), names=zone(records))
            return list(tlsa.keys(fleet(), here))

    return case


def closed(asker: Asker) -> Case:
    return lambda folder: asker(fleet(), world(folder, port=1))


def submitted(handler: Submission) -> Case:
    """Ask a submission port, as the captain who has an account."""

    def case(folder: Path) -> Iterable[Finding]:
        password = _password(folder)
        with serving(handler, certified(folder)) as port:
            endpoint = SubmissionEndpoint(
                "mx1", "127.0.0.1", port, login=CAPTAIN, password=password
            )
            return submission_port(endpoint, _manned(password).hosts[0], world(folder))

    return case


def delivered(headers: str = "", seconds: float = 1, *, lost: bool = False) -> Delivery:
    """Return what became of a message from mx1 to the witness."""
    sender = "postmaster@harbor.example"
    message = TestMessage("run-1", sender, "visitor@faraway.example", sender)
    box = Mailbox("peer", "/var/mail/visitor")
    route = Route(message, "mx1", "harbor.example", (box,))
    raw = f"{headers}From: {sender}\nSubject: x\n\nbody\n".encode()
    received = None if lost else Received(10 + seconds, raw)
    return Delivery(route, Submitted(10.0), received)


def judged(inspection: MessageInspection, sent: Delivery) -> Case:
    return lambda _folder: inspected(inspection, [sent], zone())


def witnessed(results: str, signed: str = SIGNED) -> Delivery:
    return delivered(f"Authentication-Results: mail.faraway.example; {results}\n{signed}")


def told(headers: str) -> Case:
    """Judge what a message of the captain's tells of him."""

    def case(folder: Path) -> Iterable[Finding]:
        whole = delivered(headers)
        endpoint = SubmissionEndpoint("mx1", "127.0.0.1", 465, wrapped=True, login=CAPTAIN)
        message = replace(whole.route.message, program="pyinfra-mail")
        route = replace(whole.route, origin=endpoint, message=message)
        message_of_account = [replace(whole, route=route)]
        return inspected(submissions, message_of_account, settings=_manned(_password(folder)))

    return case


def _password(folder: Path) -> Secret:
    (folder / "password").write_text("ahoy\n")
    return file(folder / "password")


def _manned(password: Secret) -> Fleet:
    account = {CAPTAIN: {"password": password}}
    return fleet({"mail_aliases": {"captain": "root"}, "mail_accounts": account})


def attended(silent: frozenset[str] = frozenset()) -> Case:
    took_part = HOST.ok("mx1", "it took part in the run")
    return lambda _folder: present([took_part], [replace(delivered(), silent=silent)])


def excused(until: date) -> Case:
    """Waive a relay that is open on 4 October 2026, until a day."""
    waiver = Waiver(id="smtp.relay", reason="it is an exercise", until=until)
    relay = anonymous.RELAY.error("mx1", "it relays", "close it")
    return lambda _folder: waived([relay], [waiver], date(2026, 10, 4), whole=True)


ANOTHER_KEY = f"v=DKIM1; k=ed25519; p={base64.b64encode(bytes(31) + b'x').decode()}"
endpoint = partial(met, anonymous.recipients)
arrived = partial(judged, arrival.arrivals)
signature = partial(judged, dkim.results)
believed = partial(judged, authentication.results)

HONEST: Mapping[str, Pair] = {
    "run.host": Pair(attended(), attended(frozenset({"mx1"}))),
    "run.waiver": Pair(excused(date(2026, 10, 4)), excused(date(2026, 10, 3))),
    "dns.mx": in_zone(mx.exchanges, "harbor.example", "MX", "10 old.example."),
    "dns.address": in_zone(address.addresses, "mx1.harbor.example", "A", "192.0.2.99"),
    "dns.spf": in_zone(spf.policies, "harbor.example", "TXT", "v=spf1 -all", "v=spf1 mx -all"),
    "dns.dmarc": in_zone(dmarc.policies, "_dmarc.harbor.example", "TXT"),
    "dns.dkim": Pair(
        published(keys.records),
        published(keys.records, "mx1-ed25519._domainkey.harbor.example", "TXT", (ANOTHER_KEY,)),
    ),
    "smtp.connect": Pair(met(connect.connections, Handler()), closed(connect.connections)),
    "smtp.starttls": Pair(
        met(connect.connections, Handler()), met(connect.connections, Handler(), tls=False)
    ),
    "smtp.postmaster": Pair(endpoint(Handler()), endpoint(NoPostmaster())),
    "smtp.unknown_recipient": Pair(endpoint(Handler()), endpoint(CatchAll())),
    "smtp.relay": Pair(endpoint(Handler()), endpoint(OpenRelay())),
    "smtp.tls": Pair(
        met(certificates.certificates, Handler()),
        met(certificates.certificates, Handler(), host="mx2.harbor.example"),
    ),
    "dns.tlsa": Pair(keyed(named=True), keyed(named=False)),
    "smtp.submission": Pair(submitted(Submission()), submitted(AnySender())),
    "delivery.arrived": Pair(arrived(delivered()), arrived(delivered(lost=True))),
    "delivery.seconds": Pair(arrived(delivered()), arrived(delivered(seconds=11))),
    "delivery.dkim": Pair(signature(witnessed(PASSED)), signature(witnessed(PASSED, signed=""))),
    "delivery.spf": Pair(
        believed(witnessed(PASSED)),
        believed(witnessed("spf=fail smtp.mailfrom=harbor.example")),
    ),
    "delivery.dmarc": Pair(
        believed(witnessed(PASSED)),
        believed(witnessed("spf=pass smtp.mailfrom=other.example")),
    ),
    "delivery.privacy": Pair(
        told("Received: by mx1.harbor.example (Postfix) with ESMTPSA id 1; today\n"),
        told("User-Agent: pyinfra-mail\n"),
    ),
    **honest_dns.PAIRS,
    **honest_bytes.PAIRS,
    **honest_bulk.PAIRS,
    **honest_host.PAIRS,
    **honest_reputation.PAIRS,
    **honest_policies.PAIRS,
    **honest_refusals.PAIRS,
    **honest_notices.PAIRS,
    **honest_services.PAIRS,
    **honest_removal.PAIRS,
    **honest_smuggling.PAIRS,
    **honest_transport.PAIRS,
}
