"""
Autoconfiguration: two documents over HTTPS that name the hosts for submission.

Mail programs read them before the user has typed a password, and send the password to the hosts in
them. So a document that names another host is as bad as none.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from xml.etree import ElementTree as ET

from ...mail.autoconfig import OUTLOOK_PATH, PATHS
from ...mail.settings.model import Fleet
from ...mail.settings.site import Site
from ...mail.toolkit import SITE
from ..clients.https_document import Document, per_address
from ..core.finding import Check, Finding
from ..core.inspection import per_domain, together
from ..core.target import autoconfig_sites
from ..core.world import Page, World

AUTOCONFIG = Check(
    "dns.autoconfig",
    "domain",
    "Do mail programs find the submission hosts of an address by themselves?",
    "draft-ietf-mailmaint-autoconfig",
    why=(
        "Without the documents, users type host names by hand. If a document names another host, "
        "passwords go there."
    ),
    remedy=f"Keep nginx and the names of the domain's site as `{SITE}` sets them up.",
)
_MOST = 5  # hosts of a document that are repeated
_AGAIN = f"run {SITE} again, and check that no other server answers at this name"


@dataclass(frozen=True)
class ExpectedDocument:
    """The hosts that a document may name, and the XML elements that hold a host's name."""

    domain: str
    url: str
    tags: frozenset[str]
    hosts: frozenset[str]


@per_domain(AUTOCONFIG)
def documents(domain: str, fleet: Fleet, world: World) -> Iterable[Finding]:
    """Fetch the documents about a domain that has them."""
    wanted = autoconfig_sites(fleet, domain)
    if not wanted:
        return [AUTOCONFIG.not_applicable(domain, f"{domain}: mail_autoconfig is off")]
    return together(partial(_fetched, one, world) for site in wanted for one in _documents_of(site))


def _documents_of(site: Site) -> Iterator[ExpectedDocument]:
    for url, tag in (
        (f"https://{site.thunderbird_name}{PATHS[0]}", "hostname"),
        (f"https://{site.outlook_name}{OUTLOOK_PATH}", "Server"),
    ):
        yield ExpectedDocument(site.domain, url, frozenset({tag}), frozenset(site.submission))


def _fetched(expected: ExpectedDocument, world: World) -> list[Finding]:
    serve = "make nginx of the host serve it"
    document = Document(AUTOCONFIG, expected.domain, expected.url, serve)
    return per_address(document, partial(finding, expected), world)


def finding(expected: ExpectedDocument, address: str, page: Page) -> Finding:
    """Return the finding about the page that a web server sent."""
    domain, url = expected.domain, f"{expected.url} at {address}"
    if page.status != HTTPStatus.OK:
        location = f", and leads to {page.location[:200]}" if page.location else ""
        return AUTOCONFIG.error(domain, f"{url} answers {page.status}{location}", _AGAIN)
    try:
        named = _named(page.text, expected.tags)
    except (ET.ParseError, ValueError) as problem:
        return AUTOCONFIG.error(domain, f"{url} is not XML: {problem}", _AGAIN)
    if others := sorted(named - expected.hosts):
        saw = f"{url} names {', '.join(others[:_MOST])[:200]}, which is no host of the domain"
        return AUTOCONFIG.error(domain, saw, _AGAIN)
    if not named:
        return AUTOCONFIG.error(domain, f"{url} names no host for submission", _AGAIN)
    return AUTOCONFIG.ok(domain, f"{url} names {', '.join(sorted(named))}")


def _named(text: str, tags: frozenset[str]) -> set[str]:
    """Return the hosts that a document names, in any namespace."""
    if "<!DOCTYPE" in text:  # it can declare entities that expand without end
        raise ValueError("it has a document type, which no mail program needs")
    found = ET.fromstring(text).iter()  # noqa: S314 - without entities, and at most 64 KiB
    named = (one.text or "" for one in found if one.tag.rpartition("}")[2] in tags)
    return {name.strip().lower() for name in named if name.strip()}
