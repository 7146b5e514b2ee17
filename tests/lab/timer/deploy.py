"""The timer of deploys/timer.py on a host of the lab, where it runs something short instead."""

from pyinfra import host

from deploys.checks.timer.operation import scheduled
from deploys.checks.timer.units import Schedule

if host.name == "mx2":
    schedule = Schedule("tests", host.data.get("calendar"), ("touch", "/run/proof was made"))
    scheduled(name="Timer", schedule=schedule)
