"""Commands that a server has to refuse at once, and the replies that count as refusal."""

import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploys.checks.clients.addresses import behind, disguised
from deploys.checks.clients.endpoint import Endpoint
from deploys.checks.clients.smtp import Reply
from deploys.checks.core.finding import Finding, Severity
from deploys.checks.smtp import anonymous, backscatter, forgery, size, vrfy_expn
from tests.checks.cases.smtp_refusals import CAPTAIN, written
from tests.checks.raw_servers import raw
from tests.checks.smtp_servers import (
    FOREIGN,
    AnotherPassword,
    AnySender,
    Careful,
    Extending,
    FirstAuthor,
    Handler,
    OwnAuthor,
    Small,
    Submission,
    Talkative,
    certified,
    serving,
)
from tests.checks.worlds import fleet, world

ENDPOINT = Endpoint("mx1", "192.0.2.1")
HASH = "$6$" + "a" * 8 + "$" + "b" * 86
NOBODY = "no-such-user-1f@harbor.example"
POSTMASTER = "postmaster@harbor.example"
OK, ERROR, UNKNOWN = Severity.OK, Severity.ERROR, Severity.UNKNOWN


def severities(found: list[Finding]) -> set[Severity]:
    assert all(one.fix or one.severity is OK for one in found)
    return {one.severity for one in found}


class Knowing(Handler):
    """Cannot verify who exists, and tells who does not."""

    async def handle_VRFY(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, _envelope: Envelope, address: str
    ) -> str:
        return "252 2.0.0 Ok" if address == POSTMASTER else "550 5.1.1 User unknown"


@pytest.mark.parametrize(
    ("handler", "expected"),
    [(Handler(), {OK}), (Talkative(), {OK, ERROR}), (Knowing(), {OK, ERROR})],
)
def test_a_server_reveals_no_addresses(
    handler: Handler, expected: set[Severity], tmp_path: Path
) -> None:
    with serving(handler) as port:
        found = list(vrfy_expn.verbs(fleet(), world(tmp_path, port=port)))

    assert severities(found) == expected


@pytest.mark.parametrize(
    ("known", "unknown", "severity"),
    [
        ("502 5.5.1 VRFY command is disabled", "502 5.5.1 VRFY command is disabled", OK),
        ("500 what?", "500 what?", OK),
        ("252 2.0.0 " + POSTMASTER, "252 2.0.0 " + NOBODY, OK),
        ("252 2.1.5 Send it, 4fb4d7-5c - smtp", "252 2.1.5 Send it, 98ac11-5c - smtp", OK),
        ("454 4.7.0 Later", "454 4.7.0 Later", OK),
        ("250 2.1.5 Ok", "250 2.1.5 Ok", OK),
        ("550 5.1.1 <Postmaster> unknown", "550 5.1.1 <no-such-user-1f> unknown", OK),
        ("250 <" + POSTMASTER + ">", "250 <" + NOBODY + ">", ERROR),
        ("251 2.1.5 captain@orchard.example", "251 2.1.5 captain@orchard.example", ERROR),
        ("252 2.0.0 " + POSTMASTER, "550 5.1.1 User unknown", ERROR),
        ("252 2.1.5 Ok", "252 2.1.1 Ok", ERROR),
        ("252 Welcome", "252 Nobody knows", ERROR),
        ("550 5.2.1 disabled", "550 5.1.1 disabled", ERROR),
        ("502 no", "421 4.7.0 Too many errors", UNKNOWN),
        ("354 go on", "354 go on", UNKNOWN),
        ("-1 garbage", "502 no", UNKNOWN),
    ],
)
def test_both_replies_have_to_be_alike(known: str, unknown: str, severity: Severity) -> None:
    said = {POSTMASTER: heard(known), NOBODY: heard(unknown)}

    found = vrfy_expn.finding(ENDPOINT, "VRFY", said)

    assert found.severity is severity
    assert known in found.saw


def heard(line: str) -> Reply:
    code, _, text = line.partition(" ")
    return Reply(int(code), text)


def talks(*lines: bytes) -> Callable[[socket.socket, Event], None]:
    """Answer each command with the next line, whatever it is."""

    def serve(connection: socket.socket, _over: Event) -> None:
        for line in (b"220 mx1 ESMTP", *lines):
            connection.sendall(line + b"\r\n")
            if not connection.recv(999):
                return

    return serve


@pytest.mark.parametrize(
    "lines",
    [(b"250 mx1",), (b"250 mx1", b"\xff\xfe\x00 what"), (b"250-" + b"x" * 9999,)],
    ids=["end", "octets", "long"],
)
def test_garbage_reveals_no_addresses(lines: tuple[bytes, ...], tmp_path: Path) -> None:
    with raw(talks(*lines)) as port:
        found = list(vrfy_expn.verbs(fleet(), world(tmp_path, port=port, timeout=0.5)))

    assert severities(found) == {UNKNOWN}


class Taking(Handler):
    """Takes one recipient, or one from one sender, and whatever else it should."""

    def __init__(self, recipient: str, sender: str | None = None) -> None:
        super().__init__()
        self._recipient, self._sender = recipient, sender
        self.catch_all = False

    def answer_to(self, sender: str, address: str) -> str:
        if address == self._recipient and self._sender in {None, sender.strip("<>")}:
            return "250 2.1.5 Ok"
        if self.catch_all and address.endswith("@harbor.example"):
            return "250 2.1.5 Ok"
        return super().answer_to(sender, address)


BEHIND = tuple(behind("harbor.example", FOREIGN))
FORMS = [(form, None) for form in (*disguised(FOREIGN), *BEHIND)]
SENDERS = ("", POSTMASTER, FOREIGN, "postmaster@[192.0.2.1]")


@pytest.fixture(name="tls", scope="module")
def _tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return certified(tmp_path_factory.mktemp("tls"))


def asked(handler: Handler, folder: Path, tls: ssl.SSLContext) -> list[Finding]:
    with serving(handler, tls) as port:
        return list(anonymous.recipients(fleet(), world(folder, port=port)))


@pytest.mark.parametrize(
    ("form", "sender"), [*FORMS, *((FOREIGN, sender) for sender in SENDERS)], ids=str
)
def test_a_relay_of_one_form_fails_exactly_that(
    form: str, sender: str | None, tmp_path: Path, tls: ssl.SSLContext
) -> None:
    found = asked(Taking(form, sender), tmp_path, tls)

    (wrong,) = (one for one in found if one.severity is not OK)
    assert (wrong.id, wrong.severity) == ("smtp.relay", ERROR)
    assert f"TO:<{form}> from <{sender or ''}>" in wrong.saw


def test_a_catch_all_is_no_relay(tmp_path: Path, tls: ssl.SSLContext) -> None:
    handler = Taking("")
    handler.catch_all = True
    found = asked(handler, tmp_path, tls)

    assert {one.id for one in found if one.severity is ERROR} == {"smtp.unknown_recipient"}
    told = [one for one in found if one.severity is Severity.INFO]
    assert {one.id for one in told} == {"smtp.relay"}
    assert len(told) == len([form for form in BEHIND if form.endswith("@harbor.example")])
    assert all("harbor.example accepts every recipient" in one.saw for one in told)


def test_a_catch_all_that_relays_is_a_relay(tmp_path: Path, tls: ssl.SSLContext) -> None:
    handler = Taking(f"@harbor.example:{FOREIGN}")
    handler.catch_all = True
    found = asked(handler, tmp_path, tls)

    wrong = {one.id for one in found if one.severity is ERROR}
    assert wrong == {"smtp.unknown_recipient", "smtp.relay"}


@pytest.mark.parametrize(
    ("offered", "replies", "expected"),
    [
        ("SIZE 26214400", ("250 Ok", "552 5.3.4 too large"), "ok ok ok"),
        ("SIZE 26214400", ("250 Ok", "554 no"), "ok ok ok"),
        ("SIZE 26214400", ("250 Ok", "250 Ok"), "ok ok error"),
        ("SIZE 26214400", ("250 Ok", "452 4.3.1 no room"), "ok ok unknown"),
        ("SIZE 26214400", ("452 4.3.1 no room", "552 5.3.4 too large"), "ok unknown ok"),
        ("SIZE 26214400", ("552 5.3.4 too large", "552 5.3.4 too large"), "ok error ok"),
        ("SIZE 26214400", (), "unknown"),
        ("SIZE 99", ("250 Ok", "552 5.3.4 too large"), "error ok ok"),
        ("SIZE 0", (), "error"),
        ("SIZE", (), "error"),
        ("SIZE a lot", (), "error"),
        (f"SIZE {'9' * 4999}", (), "error"),
        ("SIZE \xb2", (), "error"),
        ("8BITMIME", (), "warning"),
    ],
)
def test_the_largest_size_is_announced_and_kept(
    offered: str, replies: tuple[str, ...], expected: str, tmp_path: Path
) -> None:
    lines = [part.encode() for one in replies for part in (one, "250 Ok")]
    with raw(talks(b"250-mx1\r\n250 " + offered.encode("latin-1"), *lines)) as port:
        found = list(size.sizes(fleet(), world(tmp_path, port=port, timeout=1)))

    severities(found)
    assert [one.severity for one in found] == expected.split()


@pytest.mark.parametrize(
    ("written", "severity"), [("1000000", OK), ("$mine", OK), ("99", ERROR), ("0", ERROR)]
)
def test_a_size_that_the_operator_writes_himself_is_the_one_that_is_wanted(
    written: str, severity: Severity, tmp_path: Path
) -> None:
    with serving(Small()) as port:
        own = fleet({"mail_postfix_main": {"message_size_limit": written}})
        offered, *_ = size.sizes(own, world(tmp_path, port=port))

    assert offered.severity is severity


class Answering(Careful):
    """Answers one way to whatever begins so."""

    def __init__(self, begin: str, answer: str) -> None:
        super().__init__()
        self._begin, self._answer = begin, answer

    def answer(self, address: str) -> str:
        return self._answer if address.startswith(self._begin) else super().answer(address)


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (Careful(), "ok ok ok ok"),
        (Handler(), "ok ok ok ok"),
        (Extending(), "error ok ok ok"),
        (Answering("NO-SUCH", "250 2.1.5 Ok"), "ok error ok ok"),
        (Answering('"', "250 2.1.5 Ok"), "ok ok error ok"),
        (Answering('"', "450 4.7.1 Greylisted"), "ok ok unknown ok"),
        (Answering("postmaster", "550 5.1.1 who is that"), "ok ok ok ok"),
        (Answering("", "250 2.1.5 Ok"), "info info info ok"),
        (Answering("", "334 go on"), "unknown unknown unknown ok"),
    ],
)
def test_every_form_of_an_unknown_recipient_is_refused(
    handler: Handler, expected: str, tmp_path: Path
) -> None:
    with serving(handler) as port:
        found = list(backscatter.backscatter(fleet(), world(tmp_path, port=port)))

    severities(found)
    assert [one.severity for one in found] == expected.split()


class Mailboxes(Careful):
    """Has a mailbox, and answers this to a message that is announced as larger than its quota."""

    def __init__(self, reply: str) -> None:
        super().__init__()
        self._reply = reply

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == "anna@harbor.example":
            assert envelope.mail_options == ["SIZE=2359296"]
            return self._reply
        return await super().handle_RCPT(server, session, envelope, address, options)


@pytest.mark.parametrize(
    ("reply", "severity"),
    [
        ("552 5.2.2 The mailbox is full", "ok"),
        ("452 4.2.2 The mailbox is full", "ok"),
        ("250 2.1.5 Ok", "error"),
        ("334 go on", "unknown"),
    ],
)
def test_a_message_without_room_in_its_mailbox_is_refused(
    reply: str, severity: str, tmp_path: Path
) -> None:
    quotas = {"anna": "2M", "bert": "3M", "carol": None}
    boxes = {
        f"{name}@harbor.example": {"password": HASH, "quota": quota}
        for name, quota in quotas.items()
    }
    with serving(Mailboxes(reply)) as port:
        found = list(
            backscatter.backscatter(fleet({"mail_mailboxes": boxes}), world(tmp_path, port=port))
        )

    assert [one.severity for one in found[4:]] == [severity]
    assert "anna@harbor.example" in found[-1].saw


def test_a_quota_above_the_largest_message_cannot_be_tried(tmp_path: Path) -> None:
    boxes = {"anna@harbor.example": {"password": HASH, "quota": "1G"}}
    with serving(Careful()) as port:
        *_, found = backscatter.backscatter(
            fleet({"mail_mailboxes": boxes}), world(tmp_path, port=port)
        )

    assert found.saw == "mx1: every quota has room for the largest message"


class Counted(Careful):
    """Serves whom it must, and counts what it refuses in each session."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: dict[Session, int] = {}

    def answer(self, address: str) -> str:
        served = address.startswith(("postmaster", "abuse"))
        return "250 2.1.5 Ok" if served else super().answer(address)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await super().handle_RCPT(server, session, envelope, address, options)
        self.refused[session] = self.refused.get(session, 0) + (not answer.startswith("2"))
        return answer


def test_no_session_has_ten_refusals(tmp_path: Path) -> None:
    domains = {"mail_domains": [f"d{number}.example" for number in range(5)]}
    handler = Counted()
    with serving(handler) as port:
        here = world(tmp_path, port=port)
        for ask in (backscatter.backscatter, anonymous.recipients):
            assert list(ask(fleet(domains), here))

    assert max(handler.refused.values()) < 10


class Busy(Submission):
    """Cannot look at a message now."""

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, _envelope: Envelope
    ) -> str:
        return "451 4.7.1 Service unavailable - try again later"


class Refusing(Submission):
    """Takes no envelope."""

    def answer_to(self, sender: str, address: str) -> str:  # noqa: ARG002 - it looks at nothing
        return "550 5.7.1 no"


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (OwnAuthor(), "ok ok ok"),
        (FirstAuthor(), "ok error error"),
        (Submission(), "error error error"),
        (AnySender(), "error error error"),
        (Busy(), "unknown unknown unknown"),
        (Refusing(), "unknown unknown unknown"),
        (AnotherPassword(), "unknown"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_an_account_may_not_forge_its_author(
    handler: Submission, expected: str, tmp_path: Path
) -> None:
    found = list(written(handler)(tmp_path))

    severities(found)
    assert [one.severity for one in found] == expected.split()
    assert "ahoy" not in "".join(one.saw for one in found)


def test_an_account_with_an_unknown_password_is_not_tried(tmp_path: Path) -> None:
    hashed = "$6$" + "a" * 8 + "$" + "b" * 86
    accounts = {CAPTAIN: {"password": hashed}}
    ours = fleet({"mail_aliases": {"captain": "root"}, "mail_accounts": accounts})
    here = world(tmp_path)

    assert severities(list(forgery.forgery(ours, here))) == {Severity.INFO}
    assert not list(forgery.forgery(fleet(), here))
