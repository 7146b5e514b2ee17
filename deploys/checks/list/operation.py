"""Check of a list as a pyinfra operation, once for all hosts of a run."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pyinfra import host, logger
from pyinfra.api.command import FunctionCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.api.state import State

from ...dns.reception import Receptions
from ...mail.errors import MailError
from ...run import reports
from ...run.barrier import barrier
from ...run.interruption import on_interrupt
from ..clients.ssh import PyinfraHosts
from ..clients.suppressions import SuppressionStore
from ..core.finding import Severity
from ..core.progress import progress
from ..report.terminal import console
from . import page, terminal
from .file import ListFile
from .result import ListResult
from .suppressed import SuppressedRecipients
from .walk import WHAT, ListQuestions, walk


@dataclass(frozen=True)
class ListCheck:
    """
    A list, the resolvers to ask, the report's folder, and the severity that fails the run.

    `streams` are the hosts with a bulk stream, and the seconds for an answer of each.
    """

    source: ListFile
    resolvers: tuple[str, ...]
    folder: Path
    fails_at: Severity
    port: int = 53
    streams: Mapping[str, float] = field(default_factory=dict)

    def __call__(self, state: State, host: Host, op_hash: str) -> bool:
        """Check the list, write and show the result; return whether the run succeeds."""
        on_interrupt("no result of the list was written")
        try:
            result = self._walked(self._suppressed(state, op_hash))
        except MailError as problem:
            logger.error(f"{host.print_prefix}{problem}")
            state.failed_hosts.add(host)
            return False
        if not result.succeeded:
            # With --no-wait pyinfra forgets what an operation returned.
            state.failed_hosts.add(host)
        return result.succeeded

    def _suppressed(self, state: State, op_hash: str) -> SuppressedRecipients | None:
        hosts = PyinfraHosts(state, op_hash)
        inside = [one.name for one in state.inventory if state.is_host_in_limit(one)]
        stores = [
            SuppressionStore(hosts, name, self.streams[name])
            for name in inside
            if name in self.streams
        ]
        return SuppressedRecipients(stores) if stores else None

    def _walked(self, suppressed: SuppressedRecipients | None) -> ListResult:
        questions = ListQuestions(Receptions(self.resolvers, self.port), suppressed)
        shown = progress()
        table, document = self.folder / "list.csv", self.folder / "list.html"
        try:
            result = walk(self.source, questions, table, shown, self.fails_at)
        finally:
            shown.end()
        out = console()
        terminal.show(result, out)
        with reports.private(document, WHAT) as stream:
            stream.write(page.render(result))
        out.print(f"  List: {document} (and {table.name})\n", soft_wrap=True)
        return result


@operation(is_idempotent=False)
def list_verification(check: ListCheck) -> Generator[FunctionCommand, None, None]:
    """
    Check the addresses of a list, and write the verdict on each of its lines.

    It asks the DNS about the domains, and the hosts with a bulk stream about suppressed recipients.
    It contacts no mail server. It runs once for the whole
    inventory, in the step of the last host; for the other hosts it has nothing to do.

    + check: the list, and how to check it

    It fails if a line's verdict is as severe as `verify_fail_on`, if no resolver answered, or if
    the result cannot be written.

    **Example:**

    .. code:: python

        list_verification(name="Check the list customers.csv", check=check)
    """
    run = host.state
    if not run.is_executing:
        return
    meeting = barrier(run, str(host.current_op_hash), check)
    if not meeting.completed_by(run, host.name):
        host.noop("the list is checked with the last host")
        return
    yield FunctionCommand(meeting.step, (), {})
