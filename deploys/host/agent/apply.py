"""
The apply: stage, validate, preflight, switch, load, probe; on failure restore.

All services of a host go through it as one set. No step before the switch touches live files, and
each step can refuse. A mark under /run says that a switch has begun; the loaded digest, written
last, says that it is complete. A run that is killed in between leaves whole directories, and the
next run sees that their load was never confirmed.
"""

import time
from collections.abc import Iterable
from contextlib import suppress

from ..model.desired import Service
from ..model.request import ApplyRequest, PlannedService, RotateRequest
from ..model.state import Existing, FoundService
from .dkim import rotate_keys
from .existing import existing
from .services import originals
from .services.directory import require_answers
from .services.loaded import LOADED, confirm, keep, note_configured, remember, switching
from .services.next_hop import require_next_hops
from .services.preflight import in_namespaces, validate
from .services.relay_login import require_logins
from .services.stage import exchange, remove_strays, stage, staged, staged_record
from .services.units import (
    Switch,
    disable,
    load,
    main_process,
    probe,
    reload_systemd,
    restart_before,
    switch,
)
from .system.patience import set_bound
from .system.shell import Refused


def apply(request: ApplyRequest) -> Existing:
    """Make the services of a host as the request has them; return the state after that."""
    set_bound(request.patience)
    found = existing(request).services
    for name, one in found.items():
        keep(name, one)
    changed = [planned for planned in request.services if planned.changed]
    for planned in changed:
        _require_unchanged(planned, found[planned.service.query.name])
    copied: set[str] = set()  # directories that several services share are copied once
    for planned in changed:
        originals.keep(planned.service.query)
        stage(planned.service, copied)
    _test(request.services)
    _switch_all([planned.service for planned in request.services], changed)
    for name, unit in request.obsolete.items():
        disable(name, unit)
    return rotate(request)


def rotate(request: RotateRequest) -> Existing:
    """Delete DKIM keys and note which ones sign; return the state after that."""
    rotate_keys(request.rotation)
    return existing(request)


def _require_unchanged(planned: PlannedService, found: FoundService) -> None:
    for path, sha256 in planned.expected.items():
        now = found.files.get(path)
        if (now and now.sha256) != sha256:
            raise Refused("stage", f"{path} has changed since the plan was made; run again")


def _test(services: tuple[PlannedService, ...]) -> None:
    """Validate the set in a preflight; without one, where it is staged."""
    for planned in services:
        if planned.changed:
            require_next_hops(planned.service)
            require_logins(planned.service)
            require_answers(planned.service)
    if any(planned.service.preflight for planned in services):
        in_namespaces(services)
        return
    for planned in services:
        if planned.changed:
            validate(planned.service, str(staged(planned.service.query.directories[0])))


def _switch_all(services: Iterable[Service], changed: Iterable[PlannedService]) -> None:
    began = time.time()
    switches = [switch(planned.service) for planned in changed]
    begun: list[Switch] = []
    exchanged: set[str] = set()
    try:
        for one in switches:
            begun.append(one)
            _exchange(one, exchanged)
        reload_systemd(switches)
        for one in switches:
            load(one, began)
        for service in services:
            probe(service, began)
    except Exception as failure:
        _restore(begun)
        if not isinstance(failure, Refused | OSError):
            raise  # an error of our own
        step = failure.step if isinstance(failure, Refused) else "switch"
        raise Refused(step, f"{failure}; the previous configuration is active again") from None
    for one in switches:
        _confirm(one.service)
    removed = [remove_strays(one.service, one.before) for one in switches]
    if any(removed):
        reload_systemd(switches)


def _exchange(switch: Switch, done: set[str]) -> None:
    """Mark the switch as begun; then exchange the directories not yet done, and record the set."""
    service, name = switch.service, switch.service.query.name
    LOADED.mkdir(mode=0o755, exist_ok=True)
    switching(name).write_text(switch.fixed)
    (LOADED / f"{name}.json").unlink(missing_ok=True)
    after = staged_record(service)
    note_configured(name)  # a run that dies from here on must find its own files, not foreign ones
    for directory in service.query.directories:
        if directory not in done:
            exchange(directory)
            switch.exchanged.append(directory)
            done.add(directory)
    remember(name, after)


def _restore(begun: list[Switch]) -> None:
    for one in reversed(begun):
        for directory in reversed(one.exchanged):
            exchange(directory)
        with suppress(OSError):  # on a full disk the record of the set before is still there
            remember(one.service.query.name, one.before)
    with suppress(Refused):  # the restarts matter more
        reload_systemd(begun)
    for one in begun:
        restart_before(one)
        if one.replaces:
            _confirm(one.service)


def _confirm(service: Service) -> None:
    process = main_process(service)
    if process:
        confirm(service.query.name, process)
