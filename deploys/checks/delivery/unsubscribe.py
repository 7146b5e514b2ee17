"""
One-click unsubscription from bulk mail (RFC 8058), by samples that the operator names.

A message needs List-Unsubscribe with an HTTPS address, List-Unsubscribe-Post, and a valid DKIM
signature over both. Large receivers demand it of senders of bulk mail. The address is fetched with
GET, never with POST, which would unsubscribe the recipient of the sample.
"""

from collections.abc import Iterator
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import parseaddr
from functools import partial
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from ...mail.settings.model import Fleet
from ..clients.https_document import Document, per_address
from ..core.finding import Check, Finding
from ..core.inspection import per_fleet, together
from ..core.world import Names, Page, UnansweredError, World
from .dkim_signature import covered

UNSUBSCRIBE = Check(
    "delivery.unsubscribe",
    "domain",
    "Can a reader of bulk mail leave the list with one click?",
    "RFC 8058 section 3",
    why="Large receivers refuse bulk mail without it, and readers report it as spam.",
    remedy=(
        "Configure the sending program to write `List-Unsubscribe: <https://...>` and "
        "`List-Unsubscribe-Post: List-Unsubscribe=One-Click`."
    ),
)
ONE_CLICK = "List-Unsubscribe=One-Click"
FIELDS = ("List-Unsubscribe", "List-Unsubscribe-Post")
_GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}


@per_fleet(UNSUBSCRIBE)
def samples(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Check each sample of bulk mail that `verify_bulk` names."""
    return together(partial(_of_sample, path, world) for path in fleet.verification.bulk)


def _of_sample(path: str, world: World) -> list[Finding]:
    try:
        raw = Path(path).read_bytes()
    except OSError as problem:
        fix = "name files on this machine in verify_bulk, with messages as they arrived"
        return [UNSUBSCRIBE.unknown(path, f"{path} cannot be read: {problem.strerror}", fix)]
    message = BytesParser(policy=compat32).parsebytes(raw)
    domain = parseaddr(str(message.get("From", "")))[1].rpartition("@")[2].lower() or path
    try:
        if fault := _fault(domain, path, raw, message, world.names):
            return [fault]
    except UnansweredError as problem:
        fix = "check that the resolver answers, then verify again"
        return [UNSUBSCRIBE.unknown(domain, f"{path}: {problem}", fix)]
    url = https_address(message)
    document = Document(UNSUBSCRIBE, domain, url, "serve the address: a click posts to it")
    return per_address(document, partial(_served, domain, path, url), world)


def _fault(domain: str, path: str, raw: bytes, message: Message, names: Names) -> Finding | None:
    """Return a fault in the headers of a message, if any; raise UnansweredError."""
    if not https_address(message):
        saw = f"{path}: List-Unsubscribe names no https address"
        return UNSUBSCRIBE.error(domain, saw, "write List-Unsubscribe: <https://...>")
    if str(message.get("List-Unsubscribe-Post", "")).strip() != ONE_CLICK:
        saw = f"{path}: List-Unsubscribe-Post is not {ONE_CLICK}"
        return UNSUBSCRIBE.error(domain, saw, f"write List-Unsubscribe-Post: {ONE_CLICK}")
    if not covered(raw, message, FIELDS, names):
        saw = f"{path}: no signature that verifies covers both headers"
        fix = "write both before the message is signed, and name them in the h= of DKIM"
        return UNSUBSCRIBE.error(domain, saw, fix)
    return None


def _served(domain: str, path: str, url: str, address: str, page: Page) -> Finding:
    if page.status in _GONE or page.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        saw = f"{path}: {url} at {address} answered with status {page.status}"
        return UNSUBSCRIBE.error(domain, saw, "serve the address: a click posts to it")
    return UNSUBSCRIBE.ok(domain, f"{path}: one click, signed; {url} is served at {address}")


def https_address(message: Message) -> str:
    """Return the first https address of List-Unsubscribe."""
    header = str(message.get("List-Unsubscribe", ""))
    found = (part.strip().strip("<>").strip() for part in header.split(","))
    return next(filter(_is_https, found), "")


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
