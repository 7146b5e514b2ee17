"""
LMTP (RFC 2033) for the bounces domain: Postfix hands over a message, and gets 250 once it is noted.

What cannot be noted now is answered with 451, and waits in Postfix's queue. A message is never
refused for what it contains: its sender is mostly empty, and nobody would hear of it.
"""

import logging
import time
from collections.abc import Sequence

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import Envelope, Session

from .inbox import Ignored, Inbox
from .notebook import Notebook
from .store import StoreError

LATER = "451 4.3.0 Try again later"
log = logging.getLogger(__name__)


class BounceHandler:
    """Answers of LMTP sessions, as aiosmtpd asks for them."""

    def __init__(self, inbox: Inbox, notebook: Notebook) -> None:
        self._inbox = inbox
        self._notebook = notebook

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's interface
        self,
        _server: LMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        options: Sequence[str],
    ) -> str:
        """Accept the addresses that exist."""
        if why := self._inbox.refusal(address, int(time.time())):
            return f"550 5.1.1 {why}"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Ok"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's interface
        self, _server: LMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Note a message, and return the answer for each of its recipients."""
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        return "\r\n".join([await self._noted(raw, rcpt) for rcpt in envelope.rcpt_tos])

    async def handle_exception(self, error: Exception) -> str:
        """Keep the message in Postfix's queue after an error of this program."""
        log.error("an error of the handler: %r", error)
        return LATER

    async def _noted(self, raw: bytes, recipient: str) -> str:
        try:
            event = self._inbox.event(raw, recipient, int(time.time()))
            await self._notebook.note(event)
        except Ignored as why:
            log.info("ignored: %s", why)
            return f"250 2.0.0 Ignored: {why}"
        except StoreError as error:
            log.error("%s", error)  # noqa: TRY400 - one line for the journal
            return LATER
        log.info("noted: %s %s", event.kind, event.status)
        return f"250 2.0.0 Noted: {event.kind}"


class BounceSession(LMTP):
    """The protocol of one session; a line may be as long as a sender likes."""

    line_length_limit = 1 << 20  # octets


def session(handler: BounceHandler, hostname: str) -> BounceSession:
    """Return the protocol of one session; Postfix has bounded the size of messages."""
    return BounceSession(
        handler, data_size_limit=None, enable_SMTPUTF8=True, hostname=hostname, ident="bulk"
    )
