"""The timer of deploys/timer.py on a host of the lab, where it runs something short instead."""

from pyinfra import host

from deploys.checks.timer.operation import scheduled
from deploys.checks.timer.units import Schedule

if host.name == "mx2":
    schedule = Schedule(
        inventory="tests",
        calendar=host.data.get("calendar"),
        command=("sh", "-c", "touch '/run/proof was made'; exit $STATUS"),
        trials=(("sh", "-c", "test -n \"$STATUS\" || { echo 'STATUS is not set' >&2; false; }"),),
        failure=("touch", "/run/proof was told"),
    )
    scheduled(name="Timer", schedule=schedule)
