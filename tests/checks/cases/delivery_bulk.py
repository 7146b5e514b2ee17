"""Bulk mail with and without one-click unsubscribe, and sites that are clicked."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from deploys.checks.clients.message import TestMessage
from deploys.checks.core.finding import Finding
from deploys.checks.core.world import Answer, Names, Page
from deploys.checks.delivery.bulk_headers import fields
from deploys.checks.delivery.exchange import Delivery
from deploys.checks.delivery.host_commands import Mailbox, Received, Submitted
from deploys.checks.delivery.one_click import sites
from deploys.checks.delivery.test_messages import Route
from deploys.checks.delivery.unsubscribe import samples
from tests.checks.cases.delivery_content import TRACE, ZONE
from tests.checks.cases.host import BULK, STREAM
from tests.checks.cases.pair import Case, Pair
from tests.checks.signing import signed
from tests.checks.worlds import Pages, Zone, fleet, world

NEWS, POSTMASTER = "news@harbor.example", "postmaster@harbor.example"
LEAVE = "https://lists.harbor.example/leave/5d1c9b27"
PAGES: Mapping[str, Page] = {LEAVE: Page(405, "text/plain", "")}
BARE = b"From: News <news@harbor.example>\nTo: x@faraway.example\nSubject: news\n\nhello\n"


# As rspamd names the headers of a message with a file: a list of more than 160 characters.
OVERSIGNED = (
    *(b"from", b"from", b"reply-to", b"subject", b"subject", b"date", b"date", b"message-id"),
    *(b"message-id", b"to", b"to", b"cc", b"mime-version", b"mime-version", b"content-type"),
    *(b"content-type", b"content-transfer-encoding"),
)


def sample(
    leave: str = f"<mailto:leave@harbor.example>, <{LEAVE}>",
    post: str = "List-Unsubscribe=One-Click",
    *,
    covered: bool = True,
) -> bytes:
    headers = f"List-Unsubscribe: {leave}\nList-Unsubscribe-Post: {post}\n".encode()
    names = [*OVERSIGNED, b"list-unsubscribe", b"list-unsubscribe-post"]
    return signed(headers + BARE, headers=names if covered else OVERSIGNED)


def sent(raw: bytes) -> Case:
    def case(folder: Path) -> Iterable[Finding]:
        path = folder / "sample.eml"
        path.write_bytes(raw)
        here = replace(world(folder), names=ZONE, web=Pages(PAGES))
        return samples(fleet({"verify_bulk": str(path)}), here)

    return case


SITE = "unsubscribe.mx1.harbor.example"
CLICKS = Zone({(SITE, "A"): [Answer("ns", ("127.0.0.1",))]})
SHOWN = Page(200, "text/html", "")


class Store:
    """A host whose list of suppressed recipients a web site changes, on POST or at each look."""

    def __init__(self, *, at_a_look: bool = False, at_a_post: bool = True) -> None:
        self._at = {"get": at_a_look, "post": at_a_post}
        self.suppressed = False

    def asked(self, method: str) -> None:
        self.suppressed = self.suppressed or self._at[method]

    def run(self, _name: str, command: str, lines: Sequence[str], _limit: float) -> list[str]:
        assert "suppressions" in command
        assert json.loads(lines[0])["verb"] == "remove"
        before, self.suppressed = self.suppressed, False
        return [str(int(before))]


class Site:
    """The web site of a store, with one answer to every request."""

    def __init__(self, store: Store, look: Page, click: Page) -> None:
        self._store, self._look, self._click = store, look, click

    def get(self, url: str, _limit: float, address: str = "") -> Page:
        assert (url.rpartition("/")[0], address) == (f"https://{SITE}", "127.0.0.1")
        self._store.asked("get")
        return self._look

    def post(self, _url: str, form: str, _limit: float, address: str = "") -> Page:
        assert (form, address) == ("List-Unsubscribe=One-Click", "127.0.0.1")
        self._store.asked("post")
        return self._click


def clicked(
    store: Store, look: Page = SHOWN, click: Page = SHOWN, names: Zone = CLICKS, **own: object
) -> Case:
    def case(folder: Path) -> Iterable[Finding]:
        here = replace(world(folder), hosts=store, names=names, web=Site(store, look, click))
        stream = {**STREAM, **own}
        return sites(fleet({**BULK, "mail_tls": "acme", "mail_bulk": stream}), here)

    return case


def streamed(raw: bytes | None, *, one_click: bool = True, names: Names = ZONE) -> Case:
    """Check a message of a stream's own, as it arrived at the postmaster of its host."""

    def case(folder: Path) -> Iterable[Finding]:
        message = TestMessage("run-1", NEWS, POSTMASTER, NEWS, bulk=True)
        route = Route(message, "mx1", "harbor.example", (Mailbox("mx1", "/var/mail/root"),))
        received = None if raw is None else Received(2, TRACE + raw + b"\n")
        stream = fleet({**BULK, "mail_tls": "acme" if one_click else "self-signed"})
        sent = [Delivery(route, Submitted(1), received)]
        return fields(sent, stream, replace(world(folder), names=names))

    return case


CASES: Mapping[str, Pair] = {
    "bulk.unsubscribe": Pair(
        streamed(sample()),
        streamed(sample(covered=False)),
        lab_test="test_one_click.test_the_check_of_the_fields_reads_a_message_of_the_stream",
    ),
    "bulk.one_click": Pair(
        clicked(Store()),
        clicked(Store(), look=Page(503, "text/plain", "")),
        lab_test="test_one_click.test_the_check_clicks_for_a_recipient_of_its_own_and_leaves_no_"
        "suppression",
    ),
    "delivery.unsubscribe": Pair(sent(sample()), sent(BARE)),
}
