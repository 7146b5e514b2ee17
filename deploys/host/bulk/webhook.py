"""
The webhook: every event, told to the operator's own system by HTTPS.

An event waits in the store until a request about it is answered with 2xx. The requests are signed
as Standard Webhooks describes, with HMAC-SHA256. The receiver may hear of an event twice, after an
answer that was lost: `webhook-id` is the same.
"""

import asyncio
import hmac
import http.client
import logging
import ssl
import time
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .event import StoredEvent
from .notebook import Notebook
from .store import StoreError

SECONDS = 10  # for one request
FIRST_PAUSE, LONGEST_PAUSE = 5, 900  # seconds after a failure; each is twice the one before
BATCH = 20
IDLE = 5  # seconds between two looks into the store
_SUCCESS = range(200, 300)
_OF_EVENT = {400, 404, 409, 413, 415, 422}  # the receiver works, and refuses this event
_REFUSED = range(400, 500)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Webhook:
    """The receiver of events; the secret signs the requests."""

    url: str
    secret: str = field(repr=False)

    def headers(self, event: StoredEvent, body: bytes, now: int) -> dict[str, str]:
        """Return the headers of a request: id, time and signature."""
        signed = f"{event.event.key}.{now}.".encode() + body
        signature = b64encode(hmac.digest(self.secret.encode(), signed, "sha256")).decode()
        return {
            "Content-Type": "application/json",
            "webhook-id": event.event.key,
            "webhook-timestamp": str(now),
            "webhook-signature": f"v1,{signature}",
        }

    def post(self, event: StoredEvent) -> int:
        """Send one event, and return the status of the answer; redirects are not followed."""
        url, body = urlsplit(self.url), event.line().encode()
        connection = _connection(url.scheme, url.netloc)
        try:
            path = url.path + (f"?{url.query}" if url.query else "")
            headers = self.headers(event, body, int(time.time()))
            connection.request("POST", path or "/", body, headers)
            return connection.getresponse().status
        finally:
            connection.close()


def pause_after(attempts: int) -> int:
    """Return the seconds until the next attempt, after so many failures before this one."""
    return min(FIRST_PAUSE << min(attempts, 20), LONGEST_PAUSE)


async def deliver(webhook: Webhook, notebook: Notebook) -> None:
    """Deliver events until the program ends; while the receiver is away, try one at a time."""
    while True:
        try:
            pause = await _round(webhook, notebook)
        except StoreError as error:
            log.error("%s", error)  # noqa: TRY400 - one line for the journal
            pause = IDLE
        await asyncio.sleep(pause)


async def _round(webhook: Webhook, notebook: Notebook) -> float:
    """Deliver the events that are due, and return the seconds until the next round."""
    store = notebook.store
    events = await notebook.ask(store.due, int(time.time()), BATCH)
    for event, attempts in events:
        why = await _refusal(webhook, event)
        if not why:
            await notebook.ask(store.delivered, event.number)
            continue
        pause = pause_after(attempts)
        log.warning("the webhook did not take event %d: %s", event.number, why)
        await notebook.ask(store.postponed, event.number, int(time.time()) + pause)
        if not why.isdigit() or int(why) not in _OF_EVENT:
            return pause
    return 0 if len(events) == BATCH else IDLE


async def _refusal(webhook: Webhook, event: StoredEvent) -> str:
    """Return the status or the error with which an event was refused, "" for success."""
    try:
        status = await asyncio.to_thread(webhook.post, event)
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__  # its text may quote the URL, which may hold a key
    return "" if status in _SUCCESS else str(status)


def _connection(scheme: str, host: str) -> http.client.HTTPConnection:
    if scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, timeout=SECONDS, context=context)
    return http.client.HTTPConnection(host, timeout=SECONDS)
