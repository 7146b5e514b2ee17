"""
Sends a stream of messages, each until it is accepted: for `python3 -c`.

The arguments: server, sender, recipients, the word that begins each Subject, and how many. Ten
begin in a second, each in a session of its own; what is deferred comes again after a second, for a
minute. It prints the subjects that were accepted, with their recipients, and the errors.
"""

import json
import smtplib
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate

server, sender, recipients, word, number = sys.argv[1:]
domain = sender.partition("@")[2]
accepted: dict[str, str] = {}
refused: list[str] = []


def send(count: int) -> None:
    """Send one message until it is accepted."""
    everybody = recipients.split(",")
    recipient, subject = everybody[count % len(everybody)], f"{word}-{count}"
    text = (
        f"From: Sailor <{sender}>\r\nTo: {recipient}\r\nSubject: {subject}\r\n"
        f"Date: {formatdate(localtime=True)}\r\nMessage-ID: <{subject}@{domain}>\r\n\r\nAhoy.\r\n"
    )
    for _ in range(60):
        try:
            with smtplib.SMTP(server, timeout=60, local_hostname=domain) as smtp:
                smtp.sendmail(sender, recipient, text)
        except (OSError, smtplib.SMTPException) as error:
            refused.append(str(error))
            time.sleep(1)
        else:
            accepted[subject] = recipient
            return


with ThreadPoolExecutor(20) as pool:
    for one in range(int(number)):
        pool.submit(send, one)
        time.sleep(0.1)
print(json.dumps({"accepted": accepted, "refused": refused}))  # noqa: T201 - its output
