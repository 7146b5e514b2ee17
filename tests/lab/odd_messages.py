"""Messages as programs write them: what servers on the way are known to change, or to refuse."""

from email.message import Message
from email.parser import BytesParser

LONG = b"x" * 2000
REFERENCES = b" ".join(b"<%040d@list.example>" % number for number in range(60))
ODD = b"Ein t\xe4glicher Gru\xdf"  # Latin-1
FIELDS = b"Date: Sun, 29 Nov 2026 03:00:00 +0000\nMessage-ID: <%(case)s@%(domain)s>\nSubject: odd\n"
MIME = b"MIME-Version: 1.0\n"
GREETING = "Grüße, 日本語".encode()
BROKEN = b"--b\nContent-Type: text/plain\nno blank line \xc3\xa4 " + LONG


def mixed(*parts: bytes, of: bytes = b"mixed", boundary: bytes = b"b") -> bytes:
    """Return the header fields and the body of a multipart."""
    lines = b"".join(b"--" + boundary + b"\n" + part + b"\n" for part in parts)
    head = b'Content-Type: multipart/%s; boundary="%s"\n\n' % (of, boundary)
    return MIME + head + lines + b"--" + boundary + b"--\n"


def part(kind: bytes, encoding: bytes, body: bytes) -> bytes:
    """Return a part."""
    return b"Content-Type: %s\nContent-Transfer-Encoding: %s\n\n%s" % (kind, encoding, body)


TEXT = b"text/plain; charset=utf-8"
# The fields after From, To and X-Case, and the body. All of these arrive with both signatures.
CASES = {
    "short": FIELDS + b"\nhi\n",
    "a line of 998 octets": FIELDS + b"\n" + b"x" * 998 + b"\n",
    "a line of 999 octets": FIELDS + b"\n" + b"x" * 999 + b"\n",
    "a line of 2000 octets": FIELDS + b"\n" + LONG + b"\nend\n",
    "a line of 70000 octets": FIELDS + b"\n" + LONG * 35 + b"\n",
    "HTML in one line": FIELDS + MIME + b"Content-Type: text/html\n\n<p>" + LONG + b"</p>\n",
    "references in one line": FIELDS + b"References: " + REFERENCES + b"\n\nhi\n",
    "references in one line of 90 kB": FIELDS
    + b"References: "
    + b" ".join(b"<%060d@list.example>" % number for number in range(1200))
    + b"\n\nhi\n",
    "a field without a space": FIELDS + b"X-Token: " + b"t" * 990 + b"\n\nhi\n",
    "a calendar": FIELDS
    + mixed(
        part(b"text/plain", b"7bit", b"come"),
        part(b"text/calendar; method=REQUEST", b"8bit", b"SUMMARY:" + GREETING + b"\n" + LONG),
        of=b"alternative",
    ),
    "8bit": FIELDS + MIME + part(TEXT, b"8bit", GREETING + b"\n"),
    "8bit in ASCII": FIELDS + MIME + part(TEXT, b"8bit", b"nothing beyond\n"),
    "no MIME": FIELDS + b"\n" + GREETING + b"\n",
    "no MIME, Latin-1": FIELDS + b"\n" + ODD + b"\n",
    "binary": FIELDS + mixed(part(b"application/octet-stream", b"binary", bytes(range(1, 256)))),
    "a NUL": FIELDS + b"\na\0b\n",
    "a bare CR": FIELDS + b"\none\rtwo\n",
    "no final newline": FIELDS + b"\nhi",
    "an empty body": FIELDS + b"\n",
    "no body": FIELDS,
    "a dot": FIELDS + b"\n.\n..\n.one " + GREETING + b"\n",
    "resent": b"Resent-From: %(sender)s\nResent-To: visitor@faraway.example\n"
    b"Resent-Date: Sun, 29 Nov 2026 04:00:00 +0000\nResent-Message-ID: <r.%(case)s@%(domain)s>\n"
    + FIELDS
    + b"\n"
    + GREETING
    + b"\n",
    "no Date and no Message-ID": b"Subject: few\n\n" + GREETING + b"\n",
    "a subject in UTF-8": FIELDS.replace(b"odd", b"Gr\xc3\xb6\xc3\x9fe l\xc3\xa4uft") + b"\nhi\n",
    "a subject in Latin-1": FIELDS.replace(b"odd", ODD) + b"\nhi\n",
    "a long boundary": FIELDS + mixed(part(TEXT, b"8bit", GREETING), boundary=b"b" * 70),
    "a boundary in a boundary": FIELDS
    + mixed(
        mixed(part(TEXT, b"8bit", GREETING), part(TEXT, b"7bit", LONG), boundary=b"b1"),
        part(TEXT, b"8bit", GREETING),
    ),
    "no last boundary": FIELDS + mixed(part(TEXT, b"8bit", GREETING))[:-6],
    "no boundary": FIELDS + MIME + b"Content-Type: multipart/mixed\n\n" + LONG + b"\n",
    "a broken part": FIELDS + MIME + b"Content-Type: multipart/mixed; boundary=b\n\n" + BROKEN,
    "text around the parts": FIELDS
    + mixed(part(TEXT, b"8bit", GREETING)).replace(b"--b\n", b"preamble\n--b\n", 1)
    + b"epilogue\n",
    "a message in a message": FIELDS
    + mixed(
        part(b"message/rfc822", b"8bit", b"Subject: in\n" + MIME + part(TEXT, b"8bit", GREETING))
    ),
    "base64 in one line": FIELDS + MIME + part(TEXT, b"base64", b"aGkg" * 500 + b"\n"),
    "quoted-printable in one line": FIELDS
    + MIME
    + part(TEXT, b"quoted-printable", b"=C3=A4" * 300 + b" \n"),
    "trailing spaces": FIELDS + b"\n" + GREETING + b" \t \n  \n\n\n",
    "a signature of somebody else": FIELDS
    + b"DKIM-Signature: v=1; a=rsa-sha256; d=other.example; s=x; h=from; bh=YQ==; b=YQ==\n\n"
    + GREETING
    + b"\n",
    "a signed part in 8bit": FIELDS
    + mixed(
        part(TEXT, b"8bit", GREETING),
        part(b"application/pgp-signature", b"7bit", b"signature"),
        of=b"signed",
    ),
    "a link of 990 octets": FIELDS
    + b"List-Unsubscribe: <https://example.org/%s>, <mailto:a@example.org>\n\nhi\n" % LONG[:990],
    "UTF-16": FIELDS
    + MIME
    + part(b"text/plain; charset=utf-16le", b"8bit", "Größe läuft".encode("utf-16-le")),
    "upper case": FIELDS
    + MIME
    + b"CONTENT-TYPE: TEXT/PLAIN; CHARSET=UTF-8\nCONTENT-TRANSFER-ENCODING: 8BIT\n\n"
    + GREETING
    + b"\n",
    "many addresses": FIELDS
    + "Cc: {}\n\nhi\n".format(
        ", ".join(f"Jürgen {number} <user{number}@example.org>" for number in range(200))
    ).encode(),
    "parts in parts in parts": FIELDS
    + mixed(
        mixed(mixed(part(TEXT, b"8bit", GREETING), boundary=b"b2"), boundary=b"b1", of=b"related")
    ),
    "names in UTF-8": FIELDS
    + 'Cc: Größe <a@b.example>, "Müller, Jörg" <c@d.example> (Täglich)\n'.encode()
    + "X-Note: plain, then Größe läuft\n\nhi\n".encode(),
    "the name of a file": FIELDS
    + mixed(part('text/plain; name="Größe läuft.txt"'.encode(), b"7bit", b"hi")),
}
# These leave as they are, with a line over 998 octets or in 8bit, and such a server refuses them.
REFUSED_BY_STRICT_SERVERS = (
    "no boundary",
    "a broken part",
    "references in one line of 90 kB",
    "a signature of somebody else",
    "a signed part in 8bit",
    "a link of 990 octets",
)
# Postfix 3.10 itself has a space for a CR that ends no line.
WITHOUT_BARE_CR = [label for label in CASES if label not in ("a bare CR", "binary")]
READABLE = (
    ("a subject in UTF-8", "Subject", "Größe läuft"),
    ("a subject in Latin-1", "Subject", "Ein täglicher Gruß"),
    ("names in UTF-8", "Cc", 'Größe <a@b.example>, "Müller, Jörg" <c@d.example>'),
    ("names in UTF-8", "X-Note", "plain, then Größe läuft"),
)


def case(label: str, token: str, sender: str, recipient: str) -> bytes:
    """Return a message of a case, with lines that end in LF."""
    head = f"From: {sender}\nTo: {recipient}\nX-Case: {token}\n".encode()
    values = {"case": token, "domain": sender.partition("@")[2], "sender": sender}
    text = CASES[label]
    for name, value in values.items():
        text = text.replace(b"%%(%s)s" % name.encode(), value.encode())
    return head + text


def content(raw: bytes) -> list[tuple[str, bytes]]:
    """Return the type and the decoded content of every part; a text ends in no space."""
    message = BytesParser().parsebytes(raw.replace(b"\r\n", b"\n"))
    return [
        (one.get_content_type(), _decoded(one)) for one in message.walk() if not one.is_multipart()
    ]


def _decoded(part_: Message) -> bytes:
    found = part_.get_payload(decode=True)
    assert isinstance(found, bytes)
    return found.replace(b"\r\n", b"\n").rstrip(b"\n")
