"""
Autoconfiguration as a mail program meets it: two documents over HTTPS that name our hosts.

The program of a user reads them before it has a password, and sends the password where they say. So
a document that names another host is as bad as none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from xml.etree import ElementTree as ET

from ...mail.autoconfig import OUTLOOK_PATH, PATHS
from ...mail.settings.model import Fleet
from ...mail.settings.site import Site
from ..clients.https_document import Visit, visited
from ..core.finding import Check, Finding
from ..core.world import Page, World, side_by_side

AUTOCONFIG = Check(
    "dns.autoconfig",
    "domain",
    "Do mail programs learn from an address alone through which hosts its owner may send?",
    "draft-ietf-mailmaint-autoconfig",
    why=(
        "Where the documents are missing, users write host names by hand; where they name another "
        "host, passwords go there."
    ),
    remedy="Keep nginx and the names of the domain's site as `deploys/site.py` makes them.",
)
_FOUND = 200
_MOST = 5  # hosts of a document that are repeated


@dataclass(frozen=True)
class Document:
    """A document of a site, and the hosts that it may name."""

    domain: str
    url: str
    tags: frozenset[str]  # the elements that hold a host's name
    hosts: frozenset[str]


def configured(fleet: Fleet, world: World) -> Iterator[Finding]:
    """Fetch what mail programs read about every domain that has it."""
    documents: list[Document] = []
    for domain in fleet.domains:
        sites = [site for host in fleet.hosts_for(domain) for site in host.sites]
        wanted = [site for site in sites if site.domain == domain and site.autoconfig]
        documents += (one for site in wanted for one in _documents(site))
        if not wanted:
            yield AUTOCONFIG.ok(domain, f"{domain}: mail_autoconfig is off, so nothing is wanted")
    for findings in side_by_side(partial(_fetched, one, world) for one in documents):
        yield from findings


def _documents(site: Site) -> Iterator[Document]:
    domain, hosts = site.domain, frozenset(site.submission)
    for url, tags in (
        (f"https://autoconfig.{domain}{PATHS[0]}", {"hostname"}),
        (f"https://autodiscover.{domain}{OUTLOOK_PATH}", {"Server"}),
    ):
        yield Document(domain, url, frozenset(tags), hosts)


def _fetched(document: Document, world: World) -> list[Finding]:
    visit = Visit(AUTOCONFIG, document.domain, document.url, "let nginx of the host serve it")
    return visited(visit, partial(judged, document), world)


def judged(document: Document, address: str, page: Page) -> Finding:
    """Judge what a web server sent in place of a document."""
    domain, url = document.domain, f"{document.url} at {address}"
    if page.status != _FOUND:
        elsewhere = f", and leads to {page.location[:200]}" if page.location else ""
        return AUTOCONFIG.error(domain, f"{url} answers {page.status}{elsewhere}", _AGAIN)
    try:
        named = _named(page.text, document.tags)
    except (ET.ParseError, ValueError) as problem:
        return AUTOCONFIG.error(domain, f"{url} is not XML: {problem}", _AGAIN)
    if strangers := sorted(named - document.hosts):
        saw = f"{url} names {', '.join(strangers[:_MOST])[:200]}, which is no host of the domain"
        return AUTOCONFIG.error(domain, saw, _AGAIN)
    if not named:
        return AUTOCONFIG.error(domain, f"{url} names no host to send through", _AGAIN)
    return AUTOCONFIG.ok(domain, f"{url} names {', '.join(sorted(named))}")


def _named(text: str, tags: frozenset[str]) -> set[str]:
    """Return the hosts that a document names, in whatever namespace."""
    if "<!DOCTYPE" in text:  # entities are declared there, which may be endless
        raise ValueError("it has a document type, which no mail program needs")
    found = ET.fromstring(text).iter()  # noqa: S314 - without entities, and at most 64 KiB
    named = (one.text or "" for one in found if one.tag.rpartition("}")[2] in tags)
    return {name.strip().lower() for name in named if name.strip()}


_AGAIN = "run deploys/site.py again, and see that no other server answers at this name"
