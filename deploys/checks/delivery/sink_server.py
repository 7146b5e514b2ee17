"""
SMTP server of a sink, as a program of its own, which writes each accepted message as a line.

It accepts mail for one recipient, with STARTTLS, up to a number of messages of a limited size. It
runs until its input is closed. A process of its own is never blocked by the checks, and ends whole.
"""

import asyncio
import os
import signal
import ssl
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pydantic import Base64Bytes, BaseModel

if TYPE_CHECKING:
    from aiosmtpd.smtp import SMTP, Envelope, Session

_MOST = 1000  # messages
_LARGEST = 1 << 20  # octets of one
_IDLE = 60.0  # seconds until an idle client is disconnected
_LONGEST = 3600  # seconds, if the run was killed
READY = "ready"


class Listener(BaseModel, frozen=True):
    """The address, port and name of a sink, and its one recipient."""

    listen: str
    port: int
    name: str
    address: str


class AcceptedMessage(BaseModel, frozen=True):
    """A message with its time, client and envelope sender; lines end in CR and LF."""

    at: float
    client: str
    helo: str
    sender: str
    tls: bool
    content: Base64Bytes


class _Handler:
    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._left = _MOST

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        _server: "SMTP",
        _session: "Session",
        envelope: "Envelope",
        address: str,
        _options: list[str],
    ) -> str:
        if address.lower() != self._listener.address.lower():
            return "550 5.1.1 Recipient unknown"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: "SMTP", session: "Session", envelope: "Envelope"
    ) -> str:
        if self._left == 0:
            return "452 4.3.1 Insufficient system storage"
        self._left -= 1
        content = envelope.original_content or b""
        accepted = AcceptedMessage.model_construct(
            at=datetime.now(UTC).timestamp(),
            client=str((session.peer or ("",))[0]),
            helo=session.host_name or "",
            sender=envelope.mail_from or "",
            tls=session.ssl is not None,
            content=content,
        )
        sys.stdout.write(f"{accepted.model_dump_json()}\n")
        sys.stdout.flush()
        return "250 2.0.0 Ok"


def _context(name: str) -> ssl.SSLContext:
    """Return TLS with a new self-signed certificate."""
    from cryptography import x509  # noqa: PLC0415 - the run reads the values of this module only
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        Encoding,
        NoEncryption,
        PrivateFormat,
    )
    from cryptography.x509.oid import NameOID  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    both = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    both += certificate.public_bytes(Encoding.PEM)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "both.pem"
        path.write_bytes(both)
        context.load_cert_chain(path)
    return context


async def _serve(listener: Listener) -> None:
    from aiosmtpd.smtp import SMTP  # noqa: PLC0415 - as above

    handler, tls = _Handler(listener), _context(listener.name)
    loop = asyncio.get_running_loop()

    def protocol() -> "SMTP":
        return SMTP(
            handler,
            hostname=listener.name,
            ident="ESMTP",
            data_size_limit=_LARGEST,
            enable_SMTPUTF8=True,
            tls_context=tls,
            timeout=_IDLE,
        )

    await loop.create_server(protocol, listener.listen or None, listener.port)
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


def main() -> None:
    """Serve the listener of the first argument, until the input is closed."""
    signal.alarm(_LONGEST)
    try:
        asyncio.run(_serve(Listener.model_validate_json(sys.argv[1])))
    except OSError as problem:
        # The text of asyncio repeats the address.
        reason = os.strerror(problem.errno) if problem.errno else problem
        sys.stdout.write(f"{reason}\n")


if __name__ == "__main__":
    main()
