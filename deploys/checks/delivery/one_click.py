"""
One click at the host of a bulk stream (RFC 8058), for a recipient of our own.

The page of a token is fetched, which must change nothing. Then a POST must unsubscribe the
recipient, an address that nobody sends to, and the host removes the suppression again.
"""

from collections.abc import Iterator
from functools import partial
from http import HTTPStatus

from ...dns.query import routed
from ...mail.settings.bulk import Bulk
from ...mail.settings.model import MailSettings
from ...mail.unsubscribe import LOCAL_PART, UnsubscribeTokens, Unsubscription
from ...mail.verp import derived_key
from ..clients.https_document import Document, per_address
from ..clients.suppressions import SuppressionStore
from ..core.finding import Check, Finding, Severity
from ..core.inspection import per_host
from ..core.world import Page, RefusedError, World, addresses

ONE_CLICK = Check(
    "bulk.one_click",
    "host",
    "Does one click unsubscribe from the bulk mail of a host?",
    "RFC 8058 section 3.2",
    why="Receivers post to the URL of a message; if that fails, readers report the mail as spam.",
    remedy="Deploy the host; see `journalctl -u nginx -u pyinfra-mail-bulk-handler` on it.",
)
SERVE = "deploy the host: nginx serves it, or write False in mail_bulk.one_click"
_BODY = "List-Unsubscribe=One-Click"


@per_host(ONE_CLICK)
def sites(host: MailSettings, world: World) -> Iterator[Finding]:
    """Check the page at each address of the site, and a click at one of them."""
    name = host.inventory_name
    if not host.bulk or not host.one_click_name:
        return
    recipient = f"unsubscribe-test.{host.hostname}@{host.bulk.bounces}"
    url = f"https://{host.one_click_name}/{_token(host.bulk, recipient)}"
    store = SuppressionStore(world.hosts, name, world.timeout)
    store.release(recipient)  # what a check that was ended has left
    document = Document(ONE_CLICK, name, url, SERVE)
    pages = per_address(document, partial(_shown, host), world)
    if store.release(recipient):
        saw = f"{name}: to look at the page of {host.one_click_name} unsubscribes the recipient"
        yield ONE_CLICK.error(name, saw, "deploy the host: only a POST may unsubscribe")
    wrong = [one for one in pages if one.severity is not Severity.OK]
    yield from wrong or [_clicked(host, url, recipient, world)]


def _token(bulk: Bulk, recipient: str) -> str:
    key = derived_key(bulk.secret.resolve(), LOCAL_PART)
    return UnsubscribeTokens(key).token(Unsubscription(recipient, ""))


def _shown(host: MailSettings, address: str, page: Page) -> Finding:
    where = f"{host.inventory_name}: {host.one_click_name} at {address}"
    if (page.status, page.kind) == (HTTPStatus.OK, "text/html"):
        return ONE_CLICK.ok(host.inventory_name, f"{where} shows its page")
    saw = f"{where} answers a valid link with status {page.status}"
    return ONE_CLICK.error(host.inventory_name, saw, SERVE)


def _clicked(host: MailSettings, url: str, recipient: str, world: World) -> Finding:
    name, site = host.inventory_name, host.one_click_name
    address = next(filter(routed, addresses(world.names, site)))
    try:
        page = world.web.post(url, _BODY, world.timeout, address)
    except RefusedError as problem:
        return ONE_CLICK.error(name, str(problem), SERVE)
    removed = SuppressionStore(world.hosts, name, world.timeout).release(recipient)
    if page.status != HTTPStatus.OK:
        saw = f"{name}: {site} answers a click with status {page.status}"
        return ONE_CLICK.error(name, saw, SERVE)
    if not removed:
        saw = f"{name}: a click at {site} does not suppress its recipient"
        return ONE_CLICK.error(name, saw, SERVE)
    return ONE_CLICK.ok(name, f"{name}: one click at {site} unsubscribes; a look does not")
