"""
Suppressions of the bulk stream as operations: each asks the host's store, compares, and changes it.

The store is asked by a program that belongs to its handler; addresses go by standard input.
"""

import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from pyinfra import host, logger
from pyinfra.api.command import FunctionCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.api.state import State

from ..mail import paths
from ..mail.errors import MailError
from ..mail.settings.model import MailSettings
from ..run import reports
from ..run.command_line import inventory_name
from ..run.remote import Commands, RemoteError
from .bulk.event import Suppression
from .model.plan import HostChange
from .suppression_list import SuppressionRequest, as_csv
from .transport.commands import fail
from .transport.output import show
from .transport.request import HostRequests

PROGRAM = HostRequests(paths.SUPPRESSIONS, "the suppressions")
NEWEST = 20  # rows that a list shows
Rows = list[dict[str, Any]]


@operation()
def recipients_suppressed(settings: MailSettings, rows: Collection[Suppression]) -> Commands:
    """
    Recipients get no bulk mail of this host's stream.

    + settings: the host's settings
    + rows: the recipients, each with its reason

    Fails if the host has no store, because the handler of bounces was never deployed.
    """
    recipients = [row.recipient for row in rows]
    found = PROGRAM.asked(host, settings, {"verb": "find", "recipients": recipients})
    missing = [row for row in rows if not _same(found.get(row.recipient), row)]
    if not missing:
        host.noop("these recipients are suppressed already")
        return
    show(HostChange("suppress", row.recipient, row.reason) for row in missing)
    yield PROGRAM.changed(settings, {"verb": "put", "rows": list(map(asdict, missing))})


@operation()
def recipients_released(
    settings: MailSettings, recipients: Collection[str], reason: str
) -> Commands:
    """
    Recipients may get bulk mail again.

    + settings: the host's settings
    + recipients: their addresses, or the digests that an export has
    + reason: noted with the removal
    """
    found = PROGRAM.asked(host, settings, {"verb": "find", "recipients": list(recipients)})
    if not found:
        host.noop("none of these recipients is suppressed")
        return
    show(HostChange("release", recipient, reason) for recipient in found)
    yield PROGRAM.changed(settings, {"verb": "remove", "recipients": list(found), "reason": reason})


@operation(is_idempotent=False)
def suppressions_listed(settings: MailSettings, *, exported: bool) -> Commands:
    """
    The suppressions of this host are printed, or written to a file of CSV.

    + settings: the host's settings
    + exported: write all of them to reports/<inventory>/suppressions-<host>.csv
    """
    yield FunctionCommand(_show_rows, (settings, exported), {})


def suppression_changed(settings: MailSettings, wanted: SuppressionRequest) -> None:
    """Do what an operator has asked for, at one host."""
    match wanted.action:
        case "list" | "export":
            suppressions_listed(
                name="List: suppressed recipients",
                settings=settings,
                exported=wanted.action == "export",
            )
        case "remove":
            recipients_released(
                name="Release: recipients may get bulk mail",
                settings=settings,
                recipients=wanted.recipients,
                reason=wanted.reason,
            )
        case _:
            recipients_suppressed(
                name="Suppress: recipients get no bulk mail", settings=settings, rows=wanted.rows
            )


def _same(found: Mapping[str, Any] | None, row: Suppression) -> bool:
    """Tell whether a recipient is suppressed for as long, and for the same reason."""
    own = (row.kind, row.reason, bool(row.expires))
    return found is not None and own == (found["kind"], found["reason"], bool(found["expires"]))


def _show_rows(state: State, host: Host, settings: MailSettings, exported: bool) -> bool:  # noqa: FBT001 - pyinfra passes positions
    try:
        rows = PROGRAM.answer(host, settings, {"verb": "list"})
        if exported:
            _say(host, [_exported(host, rows)])
        else:
            _say(host, _lines(rows))
    except (RemoteError, MailError) as error:
        return fail(state, host, f"the suppressions cannot be listed: {error}")
    return True


def _lines(rows: Rows) -> Iterator[str]:
    """Yield the number of suppressed recipients by kind, and the newest of them."""
    counts = Counter(row["kind"] for row in rows)
    words = ", ".join(f"{kind}: {count}" for kind, count in sorted(counts.items()))
    yield f"suppressed recipients: {len(rows)}" + (f" ({words})" if words else "")
    for row in sorted(rows, key=lambda row: row["since"], reverse=True)[:NEWEST]:
        day = time.strftime("%Y-%m-%d", time.gmtime(row["since"]))
        yield f"{day} {row['recipient']} {row['kind']}: {row['reason']}"


def _exported(host: Host, rows: Rows) -> str:
    path = reports.folder(inventory_name()) / f"suppressions-{host.name}.csv"
    with reports.private(path, "the list of suppressed recipients") as stream:
        stream.write(as_csv(rows))
    return f"suppressed recipients: {len(rows)}, in {path}"


def _say(host: Host, lines: Iterable[str]) -> None:
    for line in lines:
        host.log_styled(f"  {line}", log_func=logger.info)
