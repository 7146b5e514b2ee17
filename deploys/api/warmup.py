"""
Warm-up of new addresses of bulk streams: listed, paused or resumed.

`--data warmup=list`, `pause` or `resume`; docs/warmup.md has the other argument.
"""

from pyinfra import host, state

from ..host.inventory import MAIL
from ..host.warmup import warmup_changed, warmup_request
from ..run.arguments import deploy
from ..run.command_line import refusal
from .mistakes import fleet_for, requested


@deploy
def warmup() -> None:
    """List the warm-up of every host that has one, pause it, or let it go on."""
    fleet = fleet_for("warmup", state.inventory)
    if not any(one.warmup for one in fleet.hosts):
        raise refusal("no host warms up an address; write mail_warmup, see docs/warmup.md")
    wanted = requested(warmup_request)
    if MAIL in host.groups and fleet.host(host.name).warmup:
        warmup_changed(fleet.host(host.name), wanted)
