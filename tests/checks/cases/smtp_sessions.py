"""SMTP servers on this machine: as they should be, and with one fault each."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from deploys.checks.clients.endpoint import SubmissionEndpoint
from deploys.checks.core.finding import Finding
from deploys.checks.core.world import World
from deploys.checks.smtp import anonymous, certificates, connect
from deploys.checks.smtp.submission import submission_port
from deploys.mail.settings.model import Fleet
from deploys.mail.settings.secret import Secret, file
from tests.checks.cases.pair import Case, Pair
from tests.checks.smtp_servers import (
    AnySender,
    CatchAll,
    Handler,
    NoPostmaster,
    OpenRelay,
    Submission,
    certified,
    serving,
)
from tests.checks.worlds import fleet, world

Asker = Callable[[Fleet, World], Iterable[Finding]]
CAPTAIN = "captain@harbor.example"


def met(
    asker: Asker, handler: Handler, *, host: str = "mx1.harbor.example", tls: bool = True
) -> Case:
    """Ask a server on this machine."""

    def case(folder: Path) -> Iterable[Finding]:
        with serving(handler, certified(folder, host) if tls else None) as port:
            return list(asker(fleet(), world(folder, port=port)))

    return case


def closed(asker: Asker) -> Case:
    return lambda folder: asker(fleet(), world(folder, port=1))


def submitted(handler: Submission) -> Case:
    """Ask a submission port, as the captain who has an account."""

    def case(folder: Path) -> Iterable[Finding]:
        password = password_in(folder)
        with serving(handler, certified(folder)) as port:
            endpoint = SubmissionEndpoint(
                "mx1", "127.0.0.1", port, login=CAPTAIN, password=password
            )
            return submission_port(endpoint, manned(password).hosts[0], world(folder))

    return case


def password_in(folder: Path) -> Secret:
    (folder / "password").write_text("ahoy\n")
    return file(folder / "password")


def manned(password: Secret) -> Fleet:
    account = {CAPTAIN: {"password": password}}
    return fleet({"mail_aliases": {"captain": "root"}, "mail_accounts": account})


endpoint = partial(met, anonymous.recipients)

CASES: Mapping[str, Pair] = {
    "smtp.connect": Pair(
        met(connect.connections, Handler()),
        closed(connect.connections),
        "test_verify.test_a_stopped_server_fails_its_own_checks_and_no_other",
    ),
    "smtp.starttls": Pair(
        met(connect.connections, Handler()), met(connect.connections, Handler(), tls=False)
    ),
    "smtp.postmaster": Pair(endpoint(Handler()), endpoint(NoPostmaster())),
    "smtp.unknown_recipient": Pair(endpoint(Handler()), endpoint(CatchAll())),
    "smtp.relay": Pair(endpoint(Handler()), endpoint(OpenRelay())),
    "smtp.tls": Pair(
        met(certificates.certificates, Handler()),
        met(certificates.certificates, Handler(), host="mx2.harbor.example"),
    ),
    "smtp.submission": Pair(
        submitted(Submission()),
        submitted(AnySender()),
        "test_verify.test_a_stopped_server_fails_its_own_checks_and_no_other",
    ),
}
