"""
Logins at relays, tried before the switch: a refused one would keep mail in the queue.

Postfix's own programs cannot try one without a message. A relay that does not answer, or asks to
come back later, may take mail later, and is no reason to refuse.
"""

import contextlib
import smtplib
import ssl
from base64 import b64encode

from ...model.desired import RelayLogin, Service
from ..system.shell import Refused
from .stage import place

SECONDS = 10.0  # for the connection, and for each answer
PERMANENT = 500  # RFC 5321 section 4.2.1


def require_logins(service: Service) -> None:
    """Refuse a relay whose certificate is not valid, or that refuses the login."""
    for login in service.logins:
        try:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                _log_in(login, service)
        except _UnverifiedError as error:
            raise Refused(
                "validate",
                f"{login.key}: the certificate of {login.host} at port {login.port} cannot be "
                f"verified ({error}); correct the name, or name a file that vouches for it in 'ca' "
                "or mail_relay_ca",
            ) from None


class _UnverifiedError(Exception):
    """A certificate that Postfix would not accept either."""


def _log_in(login: RelayLogin, service: Service) -> None:
    user, _, password = _credentials(login, service).partition(":")
    with _connected(login, service) as smtp:
        smtp.ehlo()
        offered = smtp.esmtp_features.get("auth", "").split()
        if "PLAIN" in offered:
            token = b64encode(f"\0{user}\0{password}".encode()).decode()
            code, text = smtp.docmd("AUTH", f"PLAIN {token}")
        elif "LOGIN" in offered:
            smtp.docmd("AUTH", f"LOGIN {b64encode(user.encode()).decode()}")
            code, text = smtp.docmd(b64encode(password.encode()).decode())
        else:
            return
    if code >= PERMANENT:
        said = text.decode("utf-8", "replace").replace("\n", " ")
        raise Refused(
            "validate",
            f"{login.key}: {login.host} at port {login.port} refuses the login {user} ({code} "
            f"{said[:200]}), so its mail would wait in the queue; correct the login or the "
            "password",
        )


def _credentials(login: RelayLogin, service: Service) -> str:
    """Return the login and the password, with a colon between them, from the staged table."""
    return place(service, login.table).read_text(encoding="utf-8").strip().partition(" ")[2]


def _connected(login: RelayLogin, service: Service) -> smtplib.SMTP:
    authorities = str(place(service, login.authorities)) if login.authorities else None
    context = ssl.create_default_context(cafile=authorities)
    # Postfix has no such demands on the form of a certificate.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    address = (login.host, login.port, login.greeting)
    try:
        if login.wrapped:
            return smtplib.SMTP_SSL(*address, timeout=SECONDS, context=context)
        smtp = smtplib.SMTP(*address, timeout=SECONDS)
        smtp.starttls(context=context)
    except ssl.SSLCertVerificationError as error:
        raise _UnverifiedError(error.verify_message) from None
    return smtp
