"""
Receiver of notices: a mail address by this machine's sendmail, or a webhook.

A webhook gets JSON with a `text` for chats. Its URL is a secret, so no message repeats it.
"""

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from os import environ

import gevent

from ...mail.errors import MailError
from ...mail.settings.secret import Secret
from ...mail.settings.verification import receiver_of

SECONDS = 20


@dataclass(frozen=True)
class OutgoingNotice:
    """A text for the operator, with its subject and date; `fields` are for webhooks."""

    subject: str
    text: str
    date: datetime
    fields: Mapping[str, str]


def send(notice: OutgoingNotice, receiver: Secret | str) -> None:
    """Send a notice; raise MailError on failure."""
    address = receiver.resolve() if isinstance(receiver, Secret) else receiver
    try:
        target = receiver_of(address)
    except ValueError as mistake:
        raise MailError(f"verify_notify: {mistake}") from None
    (_post if target.startswith("https://") else _mail)(notice, target)


def _mail(notice: OutgoingNotice, address: str) -> None:
    message = EmailMessage()
    message["To"] = address
    message["Subject"] = notice.subject
    message["Date"] = format_datetime(notice.date)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: vacation programs keep quiet
    message.set_content(notice.text)
    path = f"{environ.get('PATH', '')}:/usr/sbin:/usr/lib"
    try:
        subprocess.run(
            ("sendmail", "-i", "--", address),
            input=message.as_bytes(),
            env={**environ, "PATH": path},
            capture_output=True,
            timeout=SECONDS,
            check=True,
        )
    except FileNotFoundError:
        raise MailError(
            "the notice was not sent: this machine has no sendmail; install a mail server, or set "
            "verify_notify to the URL of a webhook"
        ) from None
    except (OSError, subprocess.SubprocessError) as error:
        raise MailError(f"the notice was not sent to {address}: {_reason(error)}") from None


def _post(notice: OutgoingNotice, url: str) -> None:
    request = urllib.request.Request(  # noqa: S310 - receiver_of() accepts https:// only
        url,
        data=json.dumps({"text": notice.text, **notice.fields}).encode(),
        headers={"Content-Type": "application/json", "User-Agent": "pyinfra-mail"},
    )
    try:
        # The socket's timeout is for each read, gevent's for all of them.
        with gevent.Timeout(SECONDS, exception=TimeoutError):
            urllib.request.urlopen(request, timeout=SECONDS).close()  # noqa: S310 - the same
    except (OSError, ValueError) as error:
        raise MailError(
            f"the notice was not sent: the webhook of verify_notify: {_reason(error)}"
        ) from None


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"status {error.code}"
    if isinstance(error, subprocess.CalledProcessError):
        output = error.stderr.decode(errors="replace").strip()
        return output[:300] or f"sendmail ended with status {error.returncode}"
    if isinstance(error, subprocess.TimeoutExpired | TimeoutError):
        return f"no answer within {SECONDS} s"
    return str(getattr(error, "reason", None) or getattr(error, "strerror", None) or "it failed")
