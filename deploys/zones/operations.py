"""
Operations of the zones: publish the records that mail needs, or restore earlier ones.

Each is called for every mail host. The first host to arrive does the work for all of them: the
zones belong to the fleet, and a host that fails must not stop the records of the others.
"""

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

from pyinfra import host, logger
from pyinfra.api.command import FunctionCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.api.output import format_text
from pyinfra.api.state import State

from ..mail.errors import MailError
from ..mail.records import records_for
from ..mail.settings.model import Fleet
from ..mail.toolkit import deploy_argument
from ..run import reports
from ..run.command_line import inventory_name, refusal
from ..run.json_output import add_changes
from ..run.remote import Commands
from ..run.state import per_run
from .propagation.mta_sts import announcements

# Modules that plan zones load octoDNS, so they are imported when the first zone is planned.
if TYPE_CHECKING:
    from .publication import Publication
    from .run import FactsOf, RecordsOf, Run


@operation()
def zones_published(
    fleet: Fleet, facts_of: "FactsOf", records_of: "RecordsOf" = records_for
) -> Commands:
    """
    Every zone holds the records of the hosts still in the run, and all its name servers agree.

    + fleet: all mail hosts of the inventory
    + facts_of: the facts of a host that its records depend on
    + records_of: the records of a fleet, its hosts in the run and their facts

    No record of others is changed or deleted. Fails the hosts concerned if the provider does not
    have the zone or refuses the change, if a record of others conflicts, if the plan exceeds a
    limit, or if a name server does not answer with the new records in time.
    """
    ready = _ready(fleet)
    yield from _in_turn(
        fleet,
        ready,
        lambda run: run.plan(fleet, ready, facts_of, records_of),
        "the zones hold every record",
    )


@operation()
def challenges_published(fleet: Fleet, facts_of: "FactsOf") -> Commands:
    """
    The zones hold the values that orders of certificates by DNS-01 wait for, and no earlier ones.

    + fleet: all mail hosts of the inventory
    + facts_of: the facts of a host that has such orders

    Nothing else in the zones changes. Fails the hosts concerned as `zones_published` does.
    """
    ready = _ready(fleet)
    yield from _in_turn(
        fleet,
        ready,
        lambda run: run.plan_challenges(fleet, ready, facts_of),
        "no value of a challenge is missing or left over",
    )


def zones_announced(fleet: Fleet, facts_of: "FactsOf") -> None:
    """Every zone announces the keys and policies that its hosts serve."""
    zones_published(
        name="Announce: MTA-STS policies and DKIM keys",
        fleet=fleet,
        facts_of=facts_of,
        records_of=announcements,
    )


@operation()
def zones_restored(fleet: Fleet, run: str, overwrite: bool = False) -> Commands:  # noqa: FBT001, FBT002 - pyinfra's arguments are named
    """
    The record sets that an earlier run wrote are as they were before it.

    + fleet: all mail hosts of the inventory
    + run: the ID that the run printed when it wrote
    + overwrite: restore also the record sets that somebody has changed since

    Fails if the run has no backup, or if the provider refuses an earlier record set.
    """
    yield from _in_turn(
        fleet,
        run,
        lambda known: known.plan_restore(fleet, run, overwrite=overwrite),
        "the zones are as they were",
    )


def zones_changed(state: State) -> int:
    """Return how many zones a run has changed."""
    written = (publication.written for publication in _run(state).publications.results)
    return len(set().union(*written))


def _ready(fleet: Fleet) -> frozenset[str]:
    """Return the inventory names of the mail hosts that are still in the run."""
    active = {member.name for member in host.state.active_hosts}
    return frozenset(active & {member.inventory_name for member in fleet.hosts})


def _run(state: State) -> "Run":
    from .run import Run  # noqa: PLC0415 - see above

    return per_run(state, Run)


def _in_turn(
    fleet: Fleet, about: Hashable, plan: Callable[["Run"], "Publication"], done: str
) -> Commands:
    """Plan and publish for all hosts on the turn of the first one."""
    run = _run(host.state)
    subject = (host.current_op_hash, host.state.is_executing, about)
    with run.publications.turn(subject, lambda: plan(run)) as (publication, first):
        if first:
            _show(run, publication)
        if publication.failures and not host.state.is_executing:
            raise refusal("\n    ".join(publication.failures))
        if first and publication.changes:
            yield FunctionCommand(_publish, (run, publication), {})
            return
        if first and host.state.is_executing:
            publication.publish()  # only waits: a run that was killed may not have waited
        if publication.failures_of(fleet.host(host.name)):
            yield FunctionCommand(_report, (run, publication), {})
        else:
            host.noop(done if first else "the zones are done for all hosts")


def _publish(state: State, host: Host, run: "Run", publication: "Publication") -> bool:
    if publication.by_hand:
        waits = f"waits up to {publication.seconds:g} s (mail_dns_timeout) until they are published"
        host.log_styled(waits, fg="yellow", log_func=logger.warning)
    publication.publish()
    for note in filter(run.first_time, publication.notes):
        host.log_styled(note, fg="yellow", log_func=logger.warning)
    if run.backups.run and run.first_time(run.backups.run):
        restore = f"{deploy_argument('zone')} --data zone_restore={run.backups.run}"
        backup = f"the earlier records are saved; to restore them: {restore}"
        host.log_styled(backup, fg="yellow", log_func=logger.info)
    return _report(state, host, run, publication)


def _report(state: State, host: Host, run: "Run", publication: "Publication") -> bool:  # noqa: ARG001 - pyinfra's signature
    """Print each failure once, and fail each host that it concerns."""
    failures = publication.failures_of(publication.fleet.host(host.name))
    for sentence in failures:
        line = sentence if run.first_time(sentence) else "not published, for the reason given above"
        host.log_styled(line, fg="red", log_func=logger.error)
    if publication.by_hand and all(map(publication.failures_of, publication.fleet.hosts)):
        # Without a mail host there is nothing to do or to prove: the run ends, and is no failure
        # of its hosts.
        logger.warning("--> The run ends here, and goes on from here once the records are there.")
        raise SystemExit(1)
    return not failures


def _list(publication: "Publication") -> None:
    """Print the records to publish by hand, each line whole, and write them in every form."""
    from . import record_list  # noqa: PLC0415 - see above

    records = publication.by_hand
    logger.info(
        f"Publish these records by hand:\n\n{record_list.zone_file(records)}\n"
        f"The same for web forms:\n\n{record_list.form_text(records)}"
    )
    try:
        written = record_list.write(records, reports.folder(inventory_name()))
        logger.info(f"With buttons to copy them: {written} (and .txt, .zone)")
    except MailError as error:
        logger.warning(str(error))


def _show(run: "Run", publication: "Publication") -> None:
    new = [str(change) for change in publication.changes if run.first_time(str(change))]
    for line in new:
        logger.info(format_text(f"  {line}", "yellow"))
    if new and publication.by_hand:
        _list(publication)
    for note in filter(run.first_time, publication.notes):
        logger.warning(format_text(f"  {note}", "yellow"))
    add_changes(host, new)
