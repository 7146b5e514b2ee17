"""Pairs of the questions about commands that hide in what is no command."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from deploys.checks.finding import Finding
from deploys.checks.smtp.smuggling import smuggling
from tests.checks.careless import TRUE, Careless, ending, listening
from tests.checks.pairs import Case, Pair
from tests.checks.worlds import fleet, world


def smuggled(server: type[Careless]) -> Case:
    """Try to hide a message in one for a server on this machine."""

    def case(folder: Path) -> Iterable[Finding]:
        with listening(server) as port:
            return list(smuggling(fleet(), world(folder, port=port)))

    return case


PAIRS: Mapping[str, Pair] = {
    "smtp.smuggling": Pair(smuggled(ending(TRUE)), smuggled(ending(rb"\n\.\n"))),
}
