"""Servers that refuse what they should, and servers that accept it."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from deploys.checks.clients.endpoint import SubmissionEndpoint
from deploys.checks.core.finding import Finding
from deploys.checks.core.world import World
from deploys.checks.smtp import backscatter, directory_harvest, forgery, size, vrfy_expn
from deploys.mail.settings.model import Fleet
from deploys.mail.settings.secret import file
from tests.checks.cases.pair import Case, Pair
from tests.checks.smtp_servers import (
    Careful,
    Extending,
    Handler,
    OwnAuthor,
    Patient,
    Small,
    Submission,
    Talkative,
    certified,
    serving,
)
from tests.checks.worlds import fleet, world


def met(ask: Callable[[Fleet, World], Iterable[Finding]], handler: Handler) -> Case:
    """Ask a server on this machine."""

    def case(folder: Path) -> Iterable[Finding]:
        with serving(handler, certified(folder)) as port:
            return list(ask(fleet(), world(folder, port=port)))

    return case


def written(handler: Submission) -> Case:
    """Submit in other names, as the captain who has an account."""

    def case(folder: Path) -> Iterable[Finding]:
        (folder / "password").write_text("ahoy\n")
        password = file(folder / "password")
        accounts = {CAPTAIN: {"password": password}}
        ours = fleet({"mail_aliases": {"captain": "root"}, "mail_accounts": accounts})
        with serving(handler, certified(folder)) as port:
            endpoint = SubmissionEndpoint(
                "mx1", "127.0.0.1", port, login=CAPTAIN, password=password
            )
            return forgery.attempts(endpoint, ours.hosts[0], world(folder))

    return case


CAPTAIN = "captain@harbor.example"
CASES: Mapping[str, Pair] = {
    "smtp.verbs": Pair(met(vrfy_expn.verbs, Handler()), met(vrfy_expn.verbs, Talkative())),
    "smtp.backscatter": Pair(
        met(backscatter.backscatter, Careful()), met(backscatter.backscatter, Extending())
    ),
    "smtp.guessing": Pair(
        met(directory_harvest.limits, Handler()), met(directory_harvest.limits, Patient())
    ),
    "smtp.forgery": Pair(written(OwnAuthor()), written(Submission())),
    "smtp.size": Pair(met(size.sizes, Handler()), met(size.sizes, Small())),
}
