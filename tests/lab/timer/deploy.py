"""The timer of deploys/timer.py on a host of the lab, where it runs something short instead."""

from pyinfra import host

from deploys.checks.schedule import Schedule
from deploys.checks.timer import scheduled

if host.name == "mx2":
    schedule = Schedule("tests", host.data.get("calendar"), ("touch", "/run/proof was made"))
    scheduled(name="Timer", schedule=schedule)
