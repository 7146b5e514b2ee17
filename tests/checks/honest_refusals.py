"""Pairs of the questions about what a server refuses."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from deploys.checks.finding import Finding
from deploys.checks.smtp import backscatter, size, verbs
from deploys.checks.world import World
from deploys.mail.settings import Fleet
from tests.checks.pairs import Case, Pair
from tests.checks.servers import Careful, Extending, Handler, Small, Talkative, certified, serving
from tests.checks.worlds import fleet, world


def met(ask: Callable[[Fleet, World], Iterable[Finding]], handler: Handler) -> Case:
    """Ask a server on this machine."""

    def case(folder: Path) -> Iterable[Finding]:
        with serving(handler, certified(folder)) as port:
            return list(ask(fleet(), world(folder, port=port)))

    return case


PAIRS: Mapping[str, Pair] = {
    "smtp.verbs": Pair(met(verbs.verbs, Handler()), met(verbs.verbs, Talkative())),
    "smtp.backscatter": Pair(
        met(backscatter.backscatter, Careful()), met(backscatter.backscatter, Extending())
    ),
    "smtp.size": Pair(met(size.sizes, Handler()), met(size.sizes, Small())),
}
