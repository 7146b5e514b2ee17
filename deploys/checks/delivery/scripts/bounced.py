"""
A bulk message of the host itself to a recipient that does not exist, and what comes of it.

The input is JSON: port of the bulk instance, sender, recipient, reason for removals, seconds to
wait, and the command of the store. So is the output: "sent" is the reply to the message, "found"
the suppression of the recipient or null. The suppression is removed again.
"""

import json
import smtplib
import subprocess
import sys
import time
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any

PAUSE = 0.5  # seconds
OK = 250


def sent(port: int, sender: str, recipient: str) -> str:
    """Hand a message to the instance, and return its reply."""
    message = EmailMessage()
    message["From"] = message["To"] = sender
    message["Subject"] = "Test of bounces"
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="invalid")
    message.set_content("This message comes back, and its bounce is read by the host.\n")
    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp:
            smtp.ehlo()
            smtp.mail(sender)
            code, said = smtp.rcpt(recipient)
            if code == OK:
                code, said = smtp.data(message.as_bytes())
    except (OSError, smtplib.SMTPException) as error:
        return str(error)
    return f"{code} {said.decode(errors='replace')}"


def asked(store: str, **request: object) -> Any:  # noqa: ANN401 - JSON
    """Return the store's answer to a request; nothing while it is away."""
    done = subprocess.run(
        ["sh", "-c", store],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=False,
    )
    return {} if done.returncode else json.loads(done.stdout.splitlines()[-1])


def main(wanted: Mapping[str, Any]) -> None:
    """Send, wait for the suppression, and remove it."""
    recipient, store = wanted["recipient"], wanted["store"]
    said, found = sent(wanted["port"], wanted["sender"], recipient), None
    end = time.monotonic() + wanted["seconds"]
    while not found and said.startswith(str(OK)) and time.monotonic() < end:
        time.sleep(PAUSE)
        found = asked(store, verb="find", recipients=[recipient]).get(recipient)
    asked(store, verb="remove", recipients=[recipient], reason=wanted["reason"])
    print(json.dumps({"sent": said, "found": found}))  # noqa: T201 - the answer


if __name__ == "__main__":
    main(json.load(sys.stdin))
