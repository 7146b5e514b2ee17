"""Servers with and without SMTP smuggling and STARTTLS injection."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from deploys.checks.core.finding import Finding
from deploys.checks.smtp.injection import injection
from deploys.checks.smtp.smuggling import smuggling
from tests.checks.cases.pair import Case, Pair
from tests.checks.ending_servers import TRUE, Careless, encrypting, ending, listening
from tests.checks.smtp_servers import certified
from tests.checks.worlds import fleet, world


def smuggled(server: type[Careless]) -> Case:
    """Try to hide a message in one for a server on this machine."""

    def case(folder: Path) -> Iterable[Finding]:
        with listening(server) as port:
            return list(smuggling(fleet(), world(folder, port=port, timeout=10)))

    return case


def injected(*, forgets: bool) -> Case:
    """Send a command together with STARTTLS."""

    def case(folder: Path) -> Iterable[Finding]:
        with listening(encrypting(certified(folder), forgets=forgets)) as port:
            return list(injection(fleet(), world(folder, port=port)))

    return case


CASES: Mapping[str, Pair] = {
    "smtp.smuggling": Pair(smuggled(ending(TRUE)), smuggled(ending(rb"\n\.\n"))),
    "smtp.injection": Pair(injected(forgets=True), injected(forgets=False)),
}
