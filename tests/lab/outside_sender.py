"""Sends a message in one SMTP session, and prints the reply that ended it: for `python3 -c`."""

import base64
import smtplib
import sys

server, greeting, sender, recipients, message = sys.argv[1:]
with smtplib.SMTP(server, timeout=30, local_hostname=greeting) as smtp:
    smtp.ehlo()
    replies = [smtp.mail(sender), *(smtp.rcpt(one) for one in recipients.split(","))]
    refused = [reply for reply in replies if reply[0] >= 400]
    code, text = refused[0] if refused else smtp.data(base64.b64decode(message))
    print(code, text.decode())  # noqa: T201 - its output
