"""
Submission (RFC 6409): what Postfix gets so that accounts can send.

Who may use which sender address is a table; what a message does not tell about where it was written
is a list of headers; what its sender is told when it cannot be delivered is a template. Delivery
status notifications (RFC 3461) are offered to those whom the host trusts, never to strangers.
"""

from collections.abc import Mapping

from ...mail import paths
from ...mail.settings.model import MailSettings
from ..model.desired import File, Table
from ..model.templates import render

DIRECTORY = paths.POSTFIX
SENDERS = f"{DIRECTORY}/senders"
HEADERS = f"{DIRECTORY}/submission_headers"
BOUNCE = f"{DIRECTORY}/bounce.cf"


def files(settings: MailSettings, version: tuple[int, ...]) -> tuple[File, ...]:
    """Return the files beside Postfix's own two: what bounces say, and which headers go."""
    bounce = File(BOUNCE, render(BOUNCE, texts=settings.bounce_texts))
    if not settings.accounts:
        return (bounce,)
    headers = render(HEADERS, version=version, hostname=settings.hostname)
    return bounce, File(HEADERS, headers)


def tables(settings: MailSettings) -> tuple[Table, ...]:
    """Return the table of sender addresses, each with the logins that may use it."""
    if not settings.accounts:
        return ()
    return (Table(SENDERS, ("postmap",), _logins_of_senders(settings)),)


def quiet_keywords(networks: tuple[str, ...]) -> str:
    """Return the table by which only trusted networks get DSN offered on port 25."""
    # DSN_README: silent-discard alone discards nothing; the first network that fits decides.
    trusted = [f"{{{network.translate(UNBRACKETED)} silent-discard}}" for network in networks]
    strangers = [f"{{{network} silent-discard, dsn}}" for network in ("0.0.0.0/0", "::/0")]
    return f"cidr:{{ {', '.join((*trusted, *strangers))} }}"


UNBRACKETED = {ord("["): None, ord("]"): None}


def _logins_of_senders(settings: MailSettings) -> Mapping[str, str]:
    logins: dict[str, list[str]] = {}
    for login, account in settings.accounts.items():
        for sender in account.senders:
            logins.setdefault(sender, []).append(login)
    return {sender: ", ".join(sorted(owners)) for sender, owners in logins.items()}
