"""SMTP servers on loopback: one without faults, and some with one fault each."""

import re
import socket
import ssl
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.parser import BytesParser
from email.policy import compat32
from email.utils import format_datetime, getaddresses, localtime
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

FOREIGN = "visitor@faraway.example"
USERS = ("postmaster", "postmaster@harbor.example", "abuse@harbor.example")


class Handler:
    """Serves harbor.example as a mail host should, and delivers into one mailbox."""

    asks = False  # for a password
    largest = 26_214_400
    guesses = 30  # until it hangs up

    def __init__(self, mailbox: Path | None = None) -> None:
        self._mailbox = mailbox
        self._refused: Counter[object] = Counter()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        _server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        answer = self.answer_to(str(envelope.mail_from), address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
            return answer
        self._refused[session.peer] += 1
        return (
            answer if self._refused[session.peer] <= self.guesses else "421 4.7.0 Too many errors"
        )

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        if self._mailbox and isinstance(content, bytes):
            with self._mailbox.open("ab") as box:
                text = re.sub(
                    rb"^From ", b">From ", content.replace(b"\r\n", b"\n"), flags=re.MULTILINE
                )
                protocol = "ESMTPS" if session.ssl else "ESMTP"
                trace = (
                    "From nobody Mon Oct  5 09:30:00 2026\n"
                    f"Return-Path: <{str(envelope.mail_from or '').strip('<>')}>\n"
                    "Received: from [203.0.113.1] (unknown [203.0.113.1])\n"
                    f"\tby mx1.harbor.example with {protocol} id 4A2;\n"
                    f"\t{format_datetime(localtime())}\n"
                )
                box.write(trace.encode() + text + b"\n")
        return "250 2.0.0 Ok"

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, _envelope: Envelope, name: str, lines: list[str]
    ) -> list[str]:
        session.host_name = name
        # What every server of today offers, and smtplib reads and does not use.
        lines[1:1] = ["250-PIPELINING", "250-ENHANCEDSTATUSCODES"]
        return lines if self.asks else [line for line in lines if "AUTH" not in line]

    def answer_to(self, sender: str, address: str) -> str:  # noqa: ARG002 - a submission's does
        return self.answer(address)

    def answer(self, address: str) -> str:
        if address in USERS:
            return "250 2.1.5 Ok"
        if address.lower().endswith("@harbor.example"):
            return f"550 5.1.1 <{address}>: Recipient address rejected"
        return f"554 5.7.1 <{address}>: Relay access denied"


class Small(Handler):
    """Takes less than it should."""

    largest = 1_000_000


class Patient(Handler):
    """Lets everybody guess."""

    guesses = 500


class OpenRelay(Handler):
    """Takes mail for the whole world."""

    def answer(self, address: str) -> str:
        return "250 2.1.5 Ok" if address == FOREIGN else super().answer(address)


class KnowingRelay(Handler):
    """Takes mail for the whole world, if the domain takes mail."""

    def answer(self, address: str) -> str:
        if address == FOREIGN:
            return "556 5.1.10 the domain takes no mail"
        return "250 2.1.5 Ok" if address.endswith("]") else super().answer(address)


class CatchAll(Handler):
    """Accepts every recipient of its domain, and relays nothing."""

    def answer(self, address: str) -> str:
        local, _, domain = address.rpartition("@")
        taken = domain == "harbor.example" and not set(local) & set("%!@")
        return "250 2.1.5 Ok" if taken else super().answer(address)


class Careful(Handler):
    """Asks the DNS whether it could ever answer a sender."""

    def answer_to(self, sender: str, address: str) -> str:
        if sender.endswith(".invalid"):
            return f"450 4.1.8 <{sender}>: Sender address rejected: Domain not found"
        return super().answer_to(sender, address)


class Extending(Careful):
    """Takes whatever has an extension, to see later whose it is."""

    def answer(self, address: str) -> str:
        return "250 2.1.5 Ok" if "+" in address else super().answer(address)


class Talkative(Handler):
    """Tells who exists."""

    async def handle_VRFY(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, _envelope: Envelope, _address: str
    ) -> str:
        return "250 2.1.5 <postmaster@harbor.example>"


class PercentRelay(Handler):
    """Routes user%host onwards."""

    def answer(self, address: str) -> str:
        return "250 2.1.5 Ok" if "%" in address else super().answer(address)


class NoPostmaster(Handler):
    """Does not know its own postmaster."""

    def answer(self, address: str) -> str:
        return "550 5.1.1 who is that" if "postmaster" in address else super().answer(address)


class NoAbuse(Handler):
    """Does not know one of its addresses."""

    def answer(self, address: str) -> str:
        return "550 5.1.1 who is that" if "abuse" in address else super().answer(address)


class Submission(Handler):
    """Lets an account send with its own address, to domains that exist."""

    asks = True
    password = "ahoy"
    in_clear = False

    def check(self, *asked: Any) -> AuthResult:
        data = asked[-1]
        right = data.password == self.password.encode()
        return AuthResult(success=right, handled=False)

    def answer_to(self, sender: str, address: str) -> str:
        if sender != "captain@harbor.example":
            return f"553 5.7.1 <{sender}>: Sender address rejected: not owned by user"
        if address.endswith(".invalid"):
            return f"550 5.1.2 <{address}>: Recipient address rejected: Domain not found"
        return "250 2.1.5 Ok"


class OwnAuthor(Submission):
    """Lets an account write in its own name only."""

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        written = BytesParser(policy=compat32).parsebytes(envelope.original_content or b"")
        if self.allowed([author for _, author in getaddresses(written.get_all("From", []))]):
            return await super().handle_DATA(server, session, envelope)
        return "554 5.7.1 From header address not owned by this account"

    def allowed(self, authors: Sequence[str]) -> bool:
        return tuple(authors) == ("captain@harbor.example",)


class FirstAuthor(OwnAuthor):
    """Looks at the first author only."""

    def allowed(self, authors: Sequence[str]) -> bool:
        return super().allowed(authors[:1])


class AnySender(Submission):
    """Looks at nothing."""

    def answer_to(self, sender: str, address: str) -> str:  # noqa: ARG002 - it looks at nothing
        return "250 2.1.5 Ok"


class InClear(Submission):
    """Takes a password that everybody on the way can read."""

    in_clear = True


class AnotherPassword(Submission):
    """Does not know the account's password."""

    password = "other"


class AsWritten(SMTP):
    """Hands on an address as it is written, and takes lines as long as Postfix does."""

    line_length_limit = 65536

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        written, _, options = arg.partition(">")
        return written.lstrip("<") or "<>", options


class Server(Controller):
    """Serves with addresses as they are written."""

    def factory(self) -> SMTP:
        return AsWritten(self.handler, **self.SMTP_kwargs)


@contextmanager
def serving(handler: Handler, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve on a port of 127.0.0.1 and return it."""
    options: dict[str, Any] = {
        "data_size_limit": handler.largest,
        "server_hostname": "mx1.harbor.example",
        "ident": "ESMTP",
    }
    if isinstance(handler, Submission):
        options |= {"authenticator": handler.check, "auth_require_tls": not handler.in_clear}
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    controller = Server(handler, hostname="127.0.0.1", port=port, tls_context=context, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def certified(
    folder: Path,
    host: str = "mx1.harbor.example",
    days: float = 90,
    *,
    owner: str = "mx1",
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
) -> ssl.SSLContext:
    """Return a context with a self-signed certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, owner)])
    names = x509.SubjectAlternativeName([x509.DNSName(host)])
    now = datetime.now(UTC)
    from_ = now - timedelta(days=99)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, from_, now + timedelta(days=days))
        .add_extension(names, critical=False)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .sign(key, SHA256())
        .public_bytes(Encoding.PEM)
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "mx1.pem").write_bytes(secret + certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "mx1.pem")
    return context
