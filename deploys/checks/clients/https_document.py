"""An HTTPS document, fetched from every address of its name, as clients use any of them."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from ...dns.query import routed
from ...run.threads import in_parallel
from ..core.finding import Check, Finding
from ..core.world import Page, RefusedError, UnansweredError, World, addresses

MOST = 8  # addresses, a bound on the requests that foreign records can cause


@dataclass(frozen=True)
class Document:
    """The URL of a document, and the fix if no server has it."""

    check: Check
    subject: str
    url: str
    serve: str

    @property
    def host(self) -> str:
        """Return the name of its server."""
        return urlsplit(self.url).hostname or ""


def per_address(
    document: Document, finding: Callable[[str, Page], Finding], world: World
) -> list[Finding]:
    """Return a finding for the page of each address; or one that says why none was fetched."""
    check, subject, host = document.check, document.subject, document.host
    try:
        known = addresses(world.names, host)
    except UnansweredError as problem:
        return [check.unknown(subject, str(problem), "make the resolver answer, and verify again")]
    if not known:
        saw = f"{host} has no address, so {document.url} is not found"
        return [check.error(subject, saw, f"publish its address, and {document.serve}")]
    if not (reachable := [address for address in known if routed(address)][:MOST]):
        fix = "verify from a machine that reaches one of them"
        return [check.unknown(subject, f"{host}: no route to {', '.join(known[:MOST])}", fix)]
    return in_parallel(lambda one: _at(one, document, finding, world), reachable)


def _at(
    address: str, document: Document, finding: Callable[[str, Page], Finding], world: World
) -> Finding:
    try:
        return finding(address, world.web.get(document.url, world.timeout, address))
    except RefusedError as problem:
        fix = f"{document.serve}, with a certificate for {document.host}"
        return document.check.error(document.subject, str(problem), fix)
    except UnansweredError as problem:
        fix = (
            f"open port 443 of {address} in the firewall, and verify from a machine that reaches it"
        )
        return document.check.unknown(document.subject, str(problem), fix)
