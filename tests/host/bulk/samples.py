"""Reports as real servers write them, for a recipient of ours; the dialects are named."""

from deploys.host.bulk.inbox import Stream
from deploys.mail.unsubscribe import Unsubscription
from deploys.mail.verp import day_number

NOW = 1_796_000_000
STREAM = Stream("bounces.example.org", "a secret of thirty-two characters")
ANNA = "anna@example.net"
VERP = STREAM.verp.address(ANNA, day_number(NOW))
LONG = "a-name-of-many-letters@a-long-domain.example.net"
LONG_VERP = STREAM.verp.address(LONG, day_number(NOW))
TOKEN = STREAM.tokens.token(Unsubscription(ANNA, "news.example.org"))

_POSTFIX = """\
Return-Path: <>
Received: by mx1.example.org (Postfix) id 4XyZ; Mon, 30 Nov 2026 01:00:00 +0000 (UTC)
Date: Mon, 30 Nov 2026 01:00:00 +0000 (UTC)
From: MAILER-DAEMON@mx1.example.org (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {verp}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="4XyZ.1/mx1.example.org"
Content-Transfer-Encoding: 8bit
Message-Id: <20261130010000.4XyZ@mx1.example.org>

This is a MIME-encapsulated message.

--4XyZ.1/mx1.example.org
Content-Description: Notification
Content-Type: text/plain; charset=utf-8

This is the mail system at host mx1.example.org.

<{recipient}>: host mx.example.net[192.0.2.25] said: {diagnostic} (in reply to RCPT TO command)

--4XyZ.1/mx1.example.org
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx1.example.org
X-Postfix-Queue-ID: 4XyZ
X-Postfix-Sender: rfc822; {verp}
Arrival-Date: Mon, 30 Nov 2026 00:59:00 +0000 (UTC)

Final-Recipient: rfc822; {recipient}
Original-Recipient: rfc822;{recipient}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.net
Diagnostic-Code: smtp; {diagnostic}

--4XyZ.1/mx1.example.org
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

Return-Path: <{verp}>
From: News <news@example.org>
To: {recipient}
Subject: The news
Message-ID: <1@news.example.org>

--4XyZ.1/mx1.example.org--
"""

_EXIM = """\
Received: from Debian-exim by mx.example.net with local (Exim 4.96) id 1abcde-000001-2B
X-Failed-Recipients: {recipient}
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.example.net>
To: {verp}
References: <1@news.example.org>
Content-Type: multipart/report; report-type=delivery-status; boundary=1764460800-eximdsn-42
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1abcde-000001-2B@mx.example.net>

--1764460800-eximdsn-42
Content-type: text/plain; charset=us-ascii

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {recipient}
    {diagnostic}

--1764460800-eximdsn-42
Content-type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Action: failed
Final-Recipient: rfc822;{recipient}
Status: 5.0.0
Remote-MTA: dns; mail.example.net
Diagnostic-Code: smtp; {diagnostic}

--1764460800-eximdsn-42
Content-type: message/rfc822

Return-path: <{verp}>
From: News <news@example.org>
Subject: The news

The news.

--1764460800-eximdsn-42--
"""

_EXCHANGE = """\
From: <postmaster@example.net>
To: <{verp}>
Date: Mon, 30 Nov 2026 01:00:00 +0000
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="e4a5-b1"
Content-Language: de-DE
Message-ID: <5f0c@EX01.example.net>
In-Reply-To: <1@news.example.org>
Subject: =?utf-8?B?VW56dXN0ZWxsYmFy?=
Auto-Submitted: auto-generated
X-MS-Exchange-Message-Is-Ndr:

--e4a5-b1
Content-Type: multipart/alternative; differences=Content-Type;
\tboundary="e4a5-b2"

--e4a5-b2
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: base64

RmVobGVyIGJlaSBkZXIgTmFjaHJpY2h0ZW7DvGJlcm1pdHRsdW5nLg==

--e4a5-b2--

--e4a5-b1
Content-Type: message/delivery-status

Reporting-MTA: dns;EX01.example.net
Received-From-MTA: dns;mx1.example.org
Arrival-Date: Mon, 30 Nov 2026 00:59:58 +0000

Final-Recipient: rfc822;{recipient}
Action: failed
Status: {status}
Diagnostic-Code: smtp;{diagnostic}
X-Display-Name: {recipient}

--e4a5-b1
Content-Type: message/rfc822

From: News <news@example.org>
Subject: The news

--e4a5-b1--
"""

_QMAIL = """\
Received: (qmail 4242 invoked for bounce); 30 Nov 2026 01:00:00 -0000
Date: 30 Nov 2026 01:00:00 -0000
From: MAILER-DAEMON@qmail.example.net
To: {verp}
Subject: failure notice

Hi. This is the qmail-send program at qmail.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{recipient}>:
{diagnostic}

--- Below this line is a copy of the message.

Return-Path: <{verp}>
From: News <news@example.org>
Subject: The news

The news.
"""

_ARF = """\
From: <fbl@example.net>
Date: Mon, 30 Nov 2026 01:00:00 +0000
Subject: complaint about message from 192.0.2.1
To: <complaints@bounces.example.org>
Message-ID: <fbl-1@example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="fbl"

--fbl
Content-Type: text/plain; charset="US-ASCII"

This is an email abuse report for an email message received from 192.0.2.1.

--fbl
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: {sender}
Arrival-Date: Mon, 30 Nov 2026 00:59:00 +0000
Source-IP: 192.0.2.1

--fbl
Content-Type: message/rfc822

From: News <news@example.org>
Subject: The news
List-Unsubscribe: {links}

The news.
--fbl--
"""


def postfix(
    status: str, diagnostic: str, *, action: str = "failed", recipient: str = ANNA, verp: str = VERP
) -> bytes:
    return _POSTFIX.format(
        verp=verp, recipient=recipient, status=status, diagnostic=diagnostic, action=action
    ).encode()


def exim(diagnostic: str, *, recipient: str = ANNA, verp: str = VERP) -> bytes:
    return _EXIM.format(verp=verp, recipient=recipient, diagnostic=diagnostic).encode()


def exchange(status: str, diagnostic: str, *, recipient: str = ANNA, verp: str = VERP) -> bytes:
    return _EXCHANGE.format(
        verp=verp, recipient=recipient, status=status, diagnostic=diagnostic
    ).encode()


def qmail(diagnostic: str, *, recipient: str = ANNA, verp: str = VERP) -> bytes:
    return _QMAIL.format(verp=verp, recipient=recipient, diagnostic=diagnostic).encode()


def arf(kind: str = "abuse", sender: str = "", links: str = "") -> bytes:
    return _ARF.format(kind=kind, sender=sender, links=links).encode()


def simple(*lines: str, subject: str = "Hello", body: str = "Hello.") -> bytes:
    """Return a message of one part, with these fields beside its subject."""
    return "\n".join((*lines, f"Subject: {subject}", "", body, "")).encode()
