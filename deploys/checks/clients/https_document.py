"""A document as anybody may get it: from every address of its name, since any of them is taken."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from ...dns.query import routed
from ..core.finding import Check, Finding
from ..core.world import Page, RefusedError, UnansweredError, World, addresses, side_by_side

MOST = 8  # addresses, a bound on what a stranger's records can make us ask


@dataclass(frozen=True)
class Visit:
    """A document of a subject, by its URL, and what to do where nobody serves it."""

    check: Check
    subject: str
    url: str
    serve: str

    @property
    def host(self) -> str:
        """The name that its server has."""
        return urlsplit(self.url).hostname or ""


def visited(visit: Visit, judge: Callable[[str, Page], Finding], world: World) -> list[Finding]:
    """Let what each address sends be judged; or say why none could be asked."""
    check, subject, host = visit.check, visit.subject, visit.host
    try:
        known = addresses(world.names, host)
    except UnansweredError as problem:
        return [check.unknown(subject, str(problem), "let a resolver answer")]
    if not known:
        saw = f"{host} has no address, so {visit.url} is not found"
        return [check.error(subject, saw, f"publish its address, and {visit.serve}")]
    if not (ways := [address for address in known if routed(address)][:MOST]):
        fix = "verify from a machine that reaches one of them"
        return [check.unknown(subject, f"{host}: no way to {', '.join(known[:MOST])}", fix)]
    return side_by_side(partial(_at, address, visit, judge, world) for address in ways)


def _at(address: str, visit: Visit, judge: Callable[[str, Page], Finding], world: World) -> Finding:
    try:
        return judge(address, world.web.get(visit.url, world.timeout, address))
    except RefusedError as problem:
        fix = f"{visit.serve}, with a certificate for {visit.host}"
        return visit.check.error(visit.subject, str(problem), fix)
    except UnansweredError as problem:
        fix = f"let port 443 of {address} be reached, from here too"
        return visit.check.unknown(visit.subject, str(problem), fix)
