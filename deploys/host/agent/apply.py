"""
The apply: stage, validate, rehearse, switch, load, probe; else put back.

All services of a host go through it as one set. Nothing before the switch touches what is live,
and every step can refuse. A mark under /run says that a switch was begun; the loaded digest,
written last, says that it was finished. A run that is killed in between leaves whole directories,
and the next run sees that they were never confirmed.
"""

import json
from typing import Any

from .dkim import turn
from .existing import existing
from .services.loaded import LOADED, STATE, contents, owned, record
from .services.preflight import in_namespaces, validate
from .services.stage import exchange, stage, staged, sweep, tables_staged
from .services.units import leave, load, note, probe, put_right, reread, switching
from .system.processes import master_of
from .system.shell import Refused
from .wire import set_digest

Service = dict[str, Any]


def apply(request: dict[str, Any]) -> dict[str, Any]:
    """Make the services of a request what it says; return what then exists."""
    services = request["services"]
    changed = [service for service in services if service["changed"]]
    found = existing(request)["services"]
    for service in changed:
        _unchanged(service, found[service["name"]])
    for service in changed:
        stage(service)
    _try(services)
    _switch(services, changed)
    for name, unit in request["leaving"].items():
        leave(name, unit)
    turn(request)
    return existing(request)


def rotate(request: dict[str, Any]) -> dict[str, Any]:
    """Delete DKIM keys and note which ones sign, where nothing else changes."""
    turn(request)
    return existing(request)


def _unchanged(service: Service, found: dict[str, Any]) -> None:
    for path, sha256 in service["expected"].items():
        now = found["files"].get(path)
        if (now and now["sha256"]) != sha256:
            raise Refused("stage", f"{path} was changed by somebody else since the plan; run again")


def _try(services: list[Service]) -> None:
    """Validate and rehearse; what is not to be rehearsed is validated where it is staged."""
    if any(service["preflight"] for service in services):
        in_namespaces(services)
        return
    for service in services:
        if service["changed"]:
            validate(service, str(staged(service["directories"][0])))


def _switch(services: list[Service], changed: list[Service]) -> None:
    begun: list[Service] = []
    for service in changed:
        note(service)
    try:
        for service in changed:
            begun.append(service)
            _exchange(service)
        reread(changed)
        for service in changed:
            load(service)
        for service in services:
            probe(service)
    except (Refused, OSError) as failure:
        _put_back(begun)
        step = failure.step if isinstance(failure, Refused) else "switch"
        raise Refused(step, f"{failure}; the previous configuration is back in force") from None
    for service in changed:
        _confirm(service)
    swept = [sweep(service, service["before"]["owned"]) for service in changed]
    if any(swept):
        reread(changed)


def _exchange(service: Service) -> None:
    """Remember what is there before the switch, and that it was begun; then switch."""
    service["exchanged"], service["before"] = [], record(service["name"])
    LOADED.mkdir(mode=0o755, exist_ok=True)
    switching(service).write_text(service["fixed"])
    (LOADED / f"{service['name']}.json").unlink(missing_ok=True)
    tables = tables_staged(service)
    for directory in service["directories"]:
        exchange(directory)
        service["exchanged"].append(directory)
    paths = [file["path"] for file in service["files"]]
    _remember(service["name"], {"owned": paths, "tables": tables, "unit": service["unit"]})


def _remember(name: str, facts: dict[str, Any]) -> None:
    STATE.mkdir(mode=0o755, exist_ok=True)
    written = STATE / f"{name}.new"
    written.write_text(json.dumps(facts))
    written.replace(STATE / f"{name}.json")


def _put_back(begun: list[Service]) -> None:
    for service in reversed(begun):
        for directory in reversed(service["exchanged"]):
            exchange(directory)
        _remember(service["name"], service["before"])
    reread(begun)
    for service in begun:
        put_right(service)
        if service["running"]:
            _confirm(service)


def _confirm(service: Service) -> None:
    master = master_of(service)
    if master:
        digest = set_digest(contents(owned(service["name"])))
        stamp = {"pid": master[0], "digest": digest}
        (LOADED / f"{service['name']}.json").write_text(json.dumps(stamp))
        switching(service).unlink(missing_ok=True)
