"""State of the host: everything that a plan compares; nothing is changed."""

import base64
import grp
import hashlib
import os
import pwd
import sqlite3
import stat
import time
from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

from ...mail.report_store import NAME, ReportSums, sums
from ..model.desired import Query
from ..model.request import ExistingRequest
from ..model.state import Existing, FoundFile, FoundService, FoundSystem, FoundUnit
from .dkim import histories, public_key
from .services import originals
from .services.arrivals import waiting
from .services.loaded import built_from, loaded, others, record, switching
from .system.processes import Process, listener, pid_in, process
from .system.shell import Refused, run
from .system.sockets import answers
from .tls.acme import HTTP
from .tls.certificates import acme_account, existing_certificate
from .tls.dns_challenge import values

START = 30  # seconds in which a service may open its sockets
LONGEST = 65536  # octets of a file that a plan compares line by line
INTERFACES6 = Path("/proc/net/if_inet6")
Unit = Mapping[str, str]  # properties of systemd


def existing(request: ExistingRequest) -> Existing:
    """Return the state that the queries ask for."""
    queries = request.queries
    certificates = [one for query in queries for one in query.certificates]
    units = _units([unit for query in queries for unit in query.units])
    return Existing(
        system=_system(),
        packages=_packages(sorted({name for query in queries for name in query.packages})),
        listeners={str(port): listener(port) for port in _ports(queries)},
        services={query.name: _service(query, units) for query in queries},
        certificates={one.path: existing_certificate(one) for one in certificates},
        acme_account=next(filter(None, {acme_account(one.directory) for one in certificates}), ""),
        others=others({query.name for query in queries}),
        keys={path: public_key(path) for query in queries for path in query.keys},
        histories=histories(path for query in queries for path in query.histories),
        clock=time.time(),
        challenges=values(),
        ipv6=_ipv6(),
        reports=read_sums(queries),
        users=known_users(name for query in queries for name in query.users),
        paths={one: matching(one) for query in queries for one in query.patterns},
    )


def read_sums(queries: Iterable[Query]) -> ReportSums:
    """Return the sums of the reports that the host has read, if a plan asks for them."""
    folder = next((query.reports for query in queries if query.reports), "")
    try:
        return sums(Path(folder), (), time.time()) if folder else ReportSums()
    except sqlite3.Error as error:
        raise Refused("reports", f"{folder}/{NAME} cannot be read: {error}; delete it") from error


def _ipv6() -> tuple[str, ...]:
    """Return the IPv6 addresses of the host; none if sysctl or the kernel has switched it off."""
    if not INTERFACES6.exists():
        return ()
    numbers = (line.split()[0] for line in INTERFACES6.read_text().splitlines())
    return tuple(str(IPv6Address(int(number, 16))) for number in numbers)


def _ports(queries: Iterable[Query]) -> list[int]:
    """Return the ports of the services, and that of the challenges of a CA (RFC 8555)."""
    acme = any(one.source == "acme" for query in queries for one in query.certificates)
    return [*(port for query in queries for port in query.ports), *([HTTP] if acme else [])]


def _service(query: Query, units: Mapping[str, Unit]) -> FoundService:
    """Return the state of one service: files, tables, units and its loaded digest."""
    main = int(units.get(query.units[-1], {}).get("MainPID", 0))
    master = process(pid_in(query.pid_file) if query.pid_file else main)
    noted = record(query.name)
    return FoundService(
        files={path: _file(path, secret=path in query.secrets) for path in query.files},
        tables={path: built_from(noted, path) for path in query.tables},
        owned=noted.owned,
        units={
            name: FoundUnit(units[name]["ActiveState"], units[name]["UnitFileState"])
            for name in query.units
            if name in units
        },
        pid=master.pid if master else None,
        loaded=loaded(query, master),
        interrupted=switching(query.name).exists(),
        foreign=originals.foreign(query),
        silent=silent_sockets(query, master),
        queued=waiting(query.queues) if noted.owned else 0,
    )


def silent_sockets(query: Query, master: Process | None) -> tuple[str, ...]:
    """Return the sockets at which a service, which has had the time for it, does not answer."""
    if not master or time.time() - master.started < START:
        return ()
    return tuple(path for path in query.sockets if not answers(path))


def _system() -> FoundSystem:
    lines = Path("/etc/os-release").read_text().splitlines()
    pairs = dict(line.split("=", 1) for line in lines if "=" in line)
    keys = ("ID", "VERSION_ID", "PRETTY_NAME")
    return FoundSystem(*(pairs.get(key, "").strip('"') for key in keys))


def _packages(names: list[str]) -> dict[str, str | None]:
    shown = run(
        "dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Status}\n", *names
    ).stdout
    found = [line.split() for line in shown.splitlines()]
    versions = {line[0]: line[1] for line in found if line[-1] == "installed"}
    return {name: versions.get(name) for name in names}


def _file(path: str, *, secret: bool) -> FoundFile | None:
    try:
        status = os.lstat(path)
        content = Path(path).read_bytes()
    except OSError:
        return None
    return FoundFile(
        sha256=hashlib.sha256(content).hexdigest(),
        content="" if secret else base64.b64encode(content[:LONGEST]).decode(),
        mode=stat.S_IMODE(status.st_mode),
        owner=_name(pwd.getpwuid, status.st_uid),
        group=_name(grp.getgrgid, status.st_gid),
    )


def known_users(names: Iterable[str]) -> dict[str, bool]:
    """Return whether each user exists, for local delivery (getpwnam(3))."""
    found = {}
    for name in names:
        try:
            found[name] = bool(pwd.getpwnam(name))
        except KeyError:
            found[name] = False
    return found


def matching(pattern: str) -> tuple[str, ...]:
    """Return the paths of a pattern, sorted."""
    return tuple(sorted(map(str, Path("/").glob(pattern.removeprefix("/")))))


def _name(lookup: Callable[[int], Any], number: int) -> str:
    try:
        return str(lookup(number)[0])
    except KeyError:
        return str(number)


def _units(names: list[str]) -> dict[str, Unit]:
    properties = "Id,LoadState,ActiveState,UnitFileState,MainPID"
    shown = run("systemctl", "show", "-p", properties, *names).stdout
    blocks = [
        dict(line.split("=", 1) for line in block.splitlines()) for block in shown.split("\n\n")
    ]
    return {block["Id"]: block for block in blocks if block.get("LoadState") != "not-found"}
