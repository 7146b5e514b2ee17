"""
Unsubscribing with one click (RFC 8058): requests from the web, which nginx hands over by SCGI.

A POST unsubscribes at once, whatever its body: the URL has the token. GET and HEAD change nothing,
because programs that look for harmful mail follow every link; they get a page with one button.
"""

import asyncio
import logging
import secrets
import time
from dataclasses import dataclass
from http import HTTPStatus

from ...mail.unsubscribe import UnsubscribeError, Unsubscription
from ..programs.netstring import netstring
from .event import BulkEvent
from .inbox import Stream, unsubscribe_reason
from .notebook import Notebook
from .store import Store, StoreError

SECONDS = 20  # for one request; nginx has read it before
METHODS = "GET, HEAD, POST"
# Nothing of a page comes from elsewhere, and no other site may show it in a frame.
HEADERS = (
    "Cache-Control: no-store",
    "Content-Security-Policy: default-src 'none'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy: no-referrer",
    "X-Content-Type-Options: nosniff",
    "X-Robots-Tag: noindex",
)
PAGE = """\
<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Unsubscribe</title>
{body}
</html>
"""
QUESTION = """\
<p>Do you want no more newsletters from this sender?</p>
<form method="post">
<input type="hidden" name="List-Unsubscribe" value="One-Click">
<button>Unsubscribe</button>
</form>"""
DONE = "<p>You are unsubscribed, and get no more newsletters from this sender.</p>"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WebAnswer:
    """Status and text of an answer; a page is HTML."""

    status: HTTPStatus
    text: str
    page: bool = False
    header: str = ""

    def octets(self) -> bytes:
        """Return the answer as SCGI has it."""
        kind = "html" if self.page else "plain"
        text = PAGE.format(body=self.text) if self.page else f"{self.text}\n"
        lines = (
            f"Status: {self.status.value} {self.status.phrase}",
            f"Content-Type: text/{kind}; charset=utf-8",
            *HEADERS,
            *((self.header,) if self.header else ()),
        )
        return "\r\n".join((*lines, "", text)).encode()


INVALID = WebAnswer(HTTPStatus.NOT_FOUND, "This link to unsubscribe is not valid.")
LATER = WebAnswer(
    HTTPStatus.SERVICE_UNAVAILABLE, "Please try again in a minute.", header="Retry-After: 60"
)
FORBIDDEN = WebAnswer(
    HTTPStatus.METHOD_NOT_ALLOWED, "Please use GET or POST.", header=f"Allow: {METHODS}"
)


@dataclass(frozen=True)
class OneClick:
    """Answers to the requests of a stream's web site."""

    stream: Stream
    lookups: Store
    notebook: Notebook

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the one request of a connection."""
        try:
            async with asyncio.timeout(SECONDS):
                fields = (await netstring(reader)).split("\0")
                request = dict(zip(fields[::2], fields[1::2], strict=False))
                answer = await self._answer(
                    request.get("REQUEST_METHOD", ""), request.get("DOCUMENT_URI", "")
                )
                writer.write(answer.octets())
                await writer.drain()
        except (ValueError, OSError, asyncio.IncompleteReadError) as error:
            log.warning("a request to unsubscribe ends: %r", error)
        finally:
            writer.close()

    async def _answer(self, method: str, path: str) -> WebAnswer:
        if method not in METHODS.split(", "):
            return FORBIDDEN
        try:
            wanted = self.stream.tokens.read(path.removeprefix("/"))
        except UnsubscribeError:
            return INVALID
        if method != "POST":
            return WebAnswer(HTTPStatus.OK, QUESTION, page=True)
        try:
            await self._unsubscribe(wanted, int(time.time()))
        except StoreError as error:
            log.error("%s", error)  # noqa: TRY400 - one line for the journal
            return LATER
        return WebAnswer(HTTPStatus.OK, DONE, page=True)

    async def _unsubscribe(self, wanted: Unsubscription, now: int) -> None:
        """Suppress a recipient, unless it has unsubscribed already."""
        recipient = self.stream.kept(wanted.recipient)
        before = self.lookups.suppressed(recipient, now)
        if before and before.kind == "unsubscribe":
            return
        event = BulkEvent(
            # The operator may remove the suppression, and the same link must work again then.
            key=secrets.token_hex(16),
            time=now,
            kind="unsubscribe",
            recipient=recipient,
            reason=self.stream.kept_reason(unsubscribe_reason(wanted)),
            mailing_list=wanted.mailing_list,
            test=self.stream.is_test(wanted.recipient),
        )
        await self.notebook.note(event)
        log.info("noted: unsubscribe, by one click")
