"""An SMTP server on loopback, under TLS, with one password for every login."""

import socket
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


@contextmanager
def login_server(
    handler: object, chain: Path, password: str, excluded: Iterable[str]
) -> Iterator[int]:
    """Yield the port of a server with a key and a certificate, without some mechanisms of AUTH."""

    def known(*words: object) -> AuthResult:
        data = words[-1]
        assert isinstance(data, LoginPassword)
        return AuthResult(success=data.password == password.encode(), handled=False)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    with socket.create_server(("127.0.0.1", 0)) as free:
        number: int = free.getsockname()[1]
    server = Controller(
        handler,
        "127.0.0.1",
        number,
        tls_context=context,
        authenticator=known,
        auth_exclude_mechanism=excluded,
    )
    server.start()
    yield number
    server.stop()
