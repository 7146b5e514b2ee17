"""The proof again and again: a timer on this machine, the controller, that runs the checks."""

from pyinfra import host, state

from ..checks.report.failure import words
from ..checks.timer.operation import schedule, scheduled
from ..host.inventory import CONTROLLER
from ..run.arguments import deploy
from .mistakes import fleet_for


@deploy
def timer() -> None:
    """Have a systemd timer run the checks, or remove it."""
    fleet = fleet_for("timer", state.inventory)
    if CONTROLLER in host.groups:
        renews = any(one.proves_by_dns for one in fleet.hosts)
        verification = fleet.verification
        scheduled(
            name="Timer: mail is verified again and again",
            schedule=schedule(verification.timer, words(verification.notify), renews=renews),
        )
