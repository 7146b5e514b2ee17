"""
The apply: stage, validate, preflight, switch, load, probe; else put back.

All services of a host go through it as one set. Nothing before the switch touches what is live,
and every step can refuse. A mark under /run says that a switch was begun; the loaded digest,
written last, says that it was finished. A run that is killed in between leaves whole directories,
and the next run sees that they were never confirmed.
"""

from collections.abc import Iterable

from ..model.desired import Service
from ..model.request import ApplyRequest, PlannedService, RotateRequest
from ..model.state import Existing, FoundService
from .dkim import turn
from .existing import existing
from .services.loaded import LOADED, confirm, remember, switching
from .services.preflight import in_namespaces, validate
from .services.stage import exchange, stage, staged, staged_record, sweep
from .services.units import (
    Switch,
    leave,
    load,
    main_process,
    probe,
    put_right,
    reread,
    switch,
)
from .system.shell import Refused


def apply(request: ApplyRequest) -> Existing:
    """Make the services of a host as the request has them; return the state after that."""
    found = existing(request).services
    changed = [planned for planned in request.services if planned.changed]
    for planned in changed:
        _require_unchanged(planned, found[planned.service.query.name])
    for planned in changed:
        stage(planned.service)
    _try(request.services)
    _switch([planned.service for planned in request.services], changed)
    for name, unit in request.leaving.items():
        leave(name, unit)
    return rotate(request)


def rotate(request: RotateRequest) -> Existing:
    """Delete DKIM keys and note which ones sign; return the state after that."""
    turn(request.rotation)
    return existing(request)


def _require_unchanged(planned: PlannedService, found: FoundService) -> None:
    for path, sha256 in planned.expected.items():
        now = found.files.get(path)
        if (now and now.sha256) != sha256:
            raise Refused("stage", f"{path} was changed by somebody else since the plan; run again")


def _try(services: tuple[PlannedService, ...]) -> None:
    """Validate the set in a preflight; without one, where it is staged."""
    if any(planned.service.preflight for planned in services):
        in_namespaces(services)
        return
    for planned in services:
        if planned.changed:
            validate(planned.service, str(staged(planned.service.query.directories[0])))


def _switch(services: Iterable[Service], changed: Iterable[PlannedService]) -> None:
    switches = [switch(planned.service) for planned in changed]
    begun: list[Switch] = []
    try:
        for one in switches:
            begun.append(one)
            _exchange(one)
        reread(switches)
        for one in switches:
            load(one)
        for service in services:
            probe(service)
    except (Refused, OSError) as failure:
        _put_back(begun)
        step = failure.step if isinstance(failure, Refused) else "switch"
        raise Refused(step, f"{failure}; the previous configuration is back in force") from None
    for one in switches:
        _confirm(one.service)
    swept = [sweep(one.service, one.before) for one in switches]
    if any(swept):
        reread(switches)


def _exchange(switch: Switch) -> None:
    """Note that the switch was begun; then exchange the directories, and remember the new set."""
    service, name = switch.service, switch.service.query.name
    LOADED.mkdir(mode=0o755, exist_ok=True)
    switching(name).write_text(switch.fixed)
    (LOADED / f"{name}.json").unlink(missing_ok=True)
    after = staged_record(service)
    for directory in service.query.directories:
        exchange(directory)
        switch.exchanged.append(directory)
    remember(name, after)


def _put_back(begun: list[Switch]) -> None:
    for one in reversed(begun):
        for directory in reversed(one.exchanged):
            exchange(directory)
        remember(one.service.query.name, one.before)
    reread(begun)
    for one in begun:
        put_right(one)
        if one.running:
            _confirm(one.service)


def _confirm(service: Service) -> None:
    process = main_process(service)
    if process:
        confirm(service.query.name, process)
