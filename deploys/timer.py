"""The proof again and again: a timer on this machine, the controller, runs deploys/verify.py."""

from pyinfra import host, state

from deploys.checks.timer.operation import schedule, scheduled
from deploys.host.inventory import CONTROLLER, fleet_of

fleet = fleet_of(state.inventory)
if CONTROLLER in host.groups:
    scheduled(
        name="Timer: mail is verified again and again",
        schedule=schedule(fleet.verification.timer),
    )
