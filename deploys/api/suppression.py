"""
Suppressed recipients of the bulk streams: listed, exported, added, imported or removed.

`--data suppress=list`, `export`, `add`, `import` or `remove`; docs/bulk.md has the other arguments.
"""

from pyinfra import host, state

from ..host.inventory import MAIL
from ..host.suppression import suppression_changed
from ..host.suppression_list import suppression_request
from ..run.arguments import deploy
from ..run.command_line import refusal
from .mistakes import fleet_for, requested


@deploy
def suppression() -> None:
    """List or change the suppressed recipients of every host with a bulk stream."""
    fleet = fleet_for("suppression", state.inventory)
    if not any(one.bulk for one in fleet.hosts):
        raise refusal("no host has a bulk stream; write mail_bulk, see docs/bulk.md")
    wanted = requested(suppression_request)
    if MAIL in host.groups and fleet.host(host.name).bulk:
        suppression_changed(fleet.host(host.name), wanted)
