"""
The SMTP server of a sink, as a program of its own: what it takes goes to its output, a line each.

It takes mail for one address and nobody else's, over TLS if asked, a bounded number of messages of
a bounded size, for as long as its input is open. A server needs a thread that nothing else holds
up, and a process is ended as a whole.
"""

import asyncio
import os
import signal
import ssl
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pydantic import Base64Bytes, BaseModel

_MOST = 1000  # messages
_LARGEST = 1 << 20  # octets of one
_SILENT = 60.0  # seconds until a client that says nothing is left
_LONGEST = 3600  # seconds, for when nobody is left to end it
READY = "ready"


class Door(BaseModel, frozen=True):
    """Where a sink listens, by which name, and the address whose mail it takes."""

    listen: str
    port: int
    name: str
    address: str


class Taken(BaseModel, frozen=True):
    """A message that was taken: when, from whom, and its octets, with lines as on the wire."""

    at: float
    client: str
    helo: str
    sender: str
    tls: bool
    content: Base64Bytes


class _Handler:
    def __init__(self, endpoint: Door) -> None:
        self._door = endpoint
        self._left = _MOST

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if address.lower() != self._door.address.lower():
            return "550 5.1.1 Nobody is here but who is asked for"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self._left == 0:
            return "452 4.3.1 That is enough"
        self._left -= 1
        content = envelope.original_content or b""
        taken = Taken.model_construct(
            at=datetime.now(UTC).timestamp(),
            client=str((session.peer or ("",))[0]),
            helo=session.host_name or "",
            sender=envelope.mail_from or "",
            tls=session.ssl is not None,
            content=content,
        )
        sys.stdout.write(f"{taken.model_dump_json()}\n")
        sys.stdout.flush()
        return "250 2.0.0 Taken"


def _context(name: str) -> ssl.SSLContext:
    """Return TLS with a new certificate, which nobody has a reason to trust."""
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


async def _serve(endpoint: Door) -> None:
    handler, tls = _Handler(endpoint), _context(endpoint.name)
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        return SMTP(
            handler,
            hostname=endpoint.name,
            ident="ESMTP",
            data_size_limit=_LARGEST,
            enable_SMTPUTF8=True,
            tls_context=tls,
            timeout=_SILENT,
        )

    await loop.create_server(protocol, endpoint.listen or None, endpoint.port)
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


def main() -> None:
    """Serve the endpoint that the first argument tells, until there is no more input."""
    signal.alarm(_LONGEST)
    try:
        asyncio.run(_serve(Door.model_validate_json(sys.argv[1])))
    except OSError as problem:
        # asyncio's own words name the address a second time.
        reason = os.strerror(problem.errno) if problem.errno else problem
        sys.stdout.write(f"{reason}\n")


if __name__ == "__main__":
    main()
