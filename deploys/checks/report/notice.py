"""
Notice to the operator, sent if something has changed since the previous report.

It goes to a mail address by this machine's sendmail, or to a webhook as JSON with a `text` for
chats. The URL of a webhook is a secret, so no message repeats it. Changes of a notice that could
not be sent are kept in the report, and sent with the next one.
"""

import json
import subprocess
import urllib.error
import urllib.request
from dataclasses import replace
from email.message import EmailMessage
from email.utils import format_datetime
from os import environ
from pathlib import Path

import gevent

from ...mail.errors import MailError
from ...mail.settings.secret import Secret
from ...mail.settings.verification import receiver_of
from ..core.report import Comparison, Report
from .summary import change_line, headline, news, summary

SECONDS = 20
_MOST = 100


def notified(report: Report, receiver: Secret | str) -> Report:
    """Send a notice of the changes, and return the report; raise MailError on failure."""
    comparison = report.comparison
    changes = (*comparison.untold, *comparison.changes)
    if receiver and changes:
        _send(report, receiver)
    return replace(report, comparison=replace(comparison, untold=()))


def postponed(comparison: Comparison) -> Comparison:
    """Return a comparison with its changes kept for the next notice."""
    return replace(comparison, untold=(*comparison.untold, *comparison.changes)[-_MOST:])


def text(report: Report) -> str:
    """Return the notice's text."""
    comparison = report.comparison
    changes = (*comparison.untold, *comparison.changes)
    lines = [f"{change_line(one)}\n    {one.saw}" for one in changes[:_MOST]]
    if len(changes) > _MOST:
        lines.append(f"and {len(changes) - _MOST} more")
    folder = Path("reports", report.name).resolve()
    return "\n".join((headline(report), summary(report), news(report), "", *lines, "", str(folder)))


def _send(report: Report, receiver: Secret | str) -> None:
    address = receiver.resolve() if isinstance(receiver, Secret) else receiver
    try:
        target = receiver_of(address)
    except ValueError as mistake:
        raise MailError(f"verify_notify: {mistake}") from None
    (_post if target.startswith("https://") else _mail)(report, target)


def _mail(report: Report, address: str) -> None:
    message = EmailMessage()
    message["To"] = address
    message["Subject"] = f"Mail of {report.name}: {news(report)}"
    message["Date"] = format_datetime(report.started)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: vacation programs keep quiet
    message.set_content(text(report))
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


def _post(report: Report, url: str) -> None:
    content = {"text": text(report), "verdict": report.verdict, "inventory": report.name}
    request = urllib.request.Request(  # noqa: S310 - receiver_of() accepts https:// only
        url,
        data=json.dumps(content).encode(),
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
